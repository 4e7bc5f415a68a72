import Linux

/// Answers a group of requests one after the other, with one commit for all.
extension ServingThread {
    /// A group in the hands of a thread.
    struct Group {
        /// Those that have yet to be answered.
        var rest: ArraySlice<Turn>
        /// Not sent yet.
        var answers: [GroupAnswer] = []
        /// Whether it was tried to commit what was written.
        var isOver = false
        /// Why nothing of it could be committed.
        var failure: (any Error)?
        /// Since when it waits for the store's write lock, in nanoseconds.
        var lockWaitBegan: Int64?
    }

    /// After so long what was written is committed, in nanoseconds: 5 ms. Others need the lock, too.
    private static let longestTransaction: Int64 = 5_000_000

    /// Who waits for the store's write lock for longer than this waits for somebody outside of this process: 20 ms.
    private static let longestLockWait: Int64 = 20_000_000

    /// Has a group answered, or as much of it as nothing holds up.
    /// - Returns: The answers that have not been sent. That of the turn which ran last is among them.
    func answer(_ turns: [Turn], wokeAt: Int64) -> [GroupAnswer] {
        group = Group(rest: turns[...])
        defer { group = nil }
        var began = MonotonicInstant.now.nanoseconds
        answerer.beginGroup(now: began)
        observer?.groupBegan()
        while let turn = group?.rest.popFirst() {
            var now = MonotonicInstant.now.nanoseconds
            if now - began > Self.longestTransaction {
                commitGroup()
                sendAnswers()
                group?.isOver = false
                group?.failure = nil
                observer?.groupBegan()
                now = MonotonicInstant.now.nanoseconds
                began = now
            }
            storeWait = 0
            answerer.begin(turn, now: now, wokeAt: wokeAt)
            let response = answerer.answer(turn) { [self] in
                // The last one's time has the commit in it: a wait like others.
                if group?.rest.isEmpty ?? true { commitGroup() }
            }
            noteHandlerTime(of: turn)
            // While it waited for the lock nobody else waited for it.
            began += storeWait
            let answer = GroupAnswer(turn: turn, response: response)
            group?.answers.append(answer)
            if answer.isStreamed {
                // Whoever takes it may take long.
                commitGroup()
                sendAnswers()
                returnRest()
            }
        }
        commitGroup()
        return takeAnswers { _ in true }
    }

    private func commitGroup() {
        guard group?.isOver == false else { return }
        group?.isOver = true
        let (began, before) = (MonotonicInstant.now.nanoseconds, storeWait)
        do { try observer?.endGroup() } catch { group?.failure = error }
        // All of it is the group's, and says nothing of the handler that happens to be the last.
        storeWait = before + MonotonicInstant.now.nanoseconds - began
    }

    /// The answers that may be sent; when the commit has failed, they say that.
    private func takeAnswers(where isWanted: (GroupAnswer) -> Bool) -> [GroupAnswer] {
        guard let answers = group?.answers else { return [] }
        group?.answers = answers.filter { !isWanted($0) }
        var wanted = answers.filter(isWanted)
        guard let failure = group?.failure else { return wanted }
        for index in wanted.indices {
            wanted[index].response = dispatcher.failure(of: wanted[index].turn.record, failure)
        }
        return wanted
    }

    /// The handler of now is about to wait. Those before it do not wait with it, and those behind it neither.
    func leaveGroup(for reason: BlockingReason) {
        guard group != nil else { return }
        switch reason {
        case .writeLock:
            // Those behind it most probably want the same lock, and wait for it together.
            if observer?.isGroupEmpty ?? true { sendAnswers() }
            let now = MonotonicInstant.now.nanoseconds
            let began = group?.lockWaitBegan ?? now
            group?.lockWaitBegan = began
            if now - began > Self.longestLockWait { returnRest() }
        case .flush:
            // That is the group's own.
            break
        case .anything:
            // In the middle of a write nothing can be committed. It has the lock, and whoever writes waits for it anyway.
            guard observer?.mayEndGroup ?? true else { return }
            commitGroup()
            sendAnswers()
            returnRest()
        }
    }

    private func sendAnswers() {
        for answer in takeAnswers(where: { !$0.isStreamed }) {
            send(answer.response, to: answer.turn)
            // The loop tells its observer: ours is in the middle of another request.
            finished.append(answer.turn)
        }
    }

    private func returnRest() {
        guard let rest = group?.rest else { return }
        group?.rest = []
        for turn in rest { finished.append(turn) }
    }

    /// Sends the answers to a group when another thread has the loop, or may have it.
    func finish(_ answers: [GroupAnswer]) {
        for answer in answers where !answer.isStreamed { send(answer.response, to: answer.turn) }
        observer?.batchEnded()
        for answer in answers where !answer.isStreamed { answer.turn.report(to: observer) }
        for answer in answers {
            if case .stream(let write) = answer.response.body, answer.isStreamed {
                stream(write, as: answer.response, of: answer.turn)
            }
        }
        answers.last?.turn.groupPlace = .last
        for answer in answers { finished.append(answer.turn) }
    }
}
