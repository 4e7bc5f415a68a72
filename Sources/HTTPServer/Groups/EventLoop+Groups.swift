import Linux
import Synchronization

/// Requests that write are answered in groups: see ``WritingTurns``.
extension EventLoop {
    /// Puts a request in line for the next group, if it is one for it.
    @inline(__always)
    mutating func lineUp(_ turn: Turn) -> Bool {
        let record = turn.record
        return record.mayWrite && lineUp(turn, writingBy: record)
    }

    private mutating func lineUp(_ turn: Turn, writingBy record: RequestRecord) -> Bool {
        let route = record.routeIndex
        // One that takes long for other reasons would hold up the others.
        guard writing.takes(route), speeds.isQuick(route), !routes.isBlocking(route), turn.errand == .answer,
            record.refusal == nil, writing.isAway || room.has(for: record, isQuick: true)
        else { return false }
        writing.append(turn, now: clock.now)
        return true
    }

    /// Whether a group can be answered now.
    var isGroupDue: Bool {
        guard writing.isDue, let turn = writing.first else { return false }
        return room.has(for: turn.record, isQuick: true)
    }

    /// The next group, as its first turn; when there is but one, that turn by itself. Who has waited in line for too long is told
    /// so.
    mutating func nextGroup() -> Turn? {
        guard isGroupDue else { return nil }
        group = writing.removeGroup(now: clock.now)
        // Measured here: most have not waited at all, and a router's clock that is wrong is to refuse none of them.
        let earliest = clock.now - configuration.queueTimeout.nanoseconds
        if group.contains(where: { $0.record.startedAt < earliest }) { refuse(fromGroupBefore: earliest) }
        guard let turn = group.first else { return nil }
        if group.count == 1 { group = [] } else { turn.errand = .group }
        return turn
    }

    /// Refuses those of the group that is to be handed out whose requests are older.
    private mutating func refuse(fromGroupBefore earliest: Int64) {
        for turn in group where turn.record.startedAt < earliest {
            requests.refuseWaiting(turn)
            answerable.append(turn)
        }
        group.removeAll { $0.record.refusal != nil }
    }

    /// Lends the loop for a group.
    mutating func lendForGroup() -> [Turn] {
        let turns = group
        group = []
        for turn in turns {
            let record = turn.record
            turn.errand = .answer
            turn.isAway = true
            turn.isWriter = true
            turn.route = record.routeIndex
            turn.groupPlace = .member
        }
        borrower = Borrower(isWriter: true, isGroup: true)
        return turns
    }

    /// Takes the answers of a group whose writes are committed.
    mutating func complete(_ answers: [GroupAnswer]) {
        clock.look()
        for answer in answers {
            answer.turn.isAway = false
            answer.turn.groupPlace = .none
            complete(answer.turn, with: answer.response)
        }
    }

    /// Lets those go on who wait for a group that waits itself, or for whom there is no thread any more.
    mutating func lookAtGroups() {
        if writing.isDue {
            guard !isGroupDue else { return }
            for turn in writing.removeAll() { answerable.append(turn) }
        } else if let end = writing.end, end <= clock.now {
            let isFlushing = (signals?.flushes.load(ordering: .relaxed) ?? 0) > 0
            if isFlushing, writing.waitForDisk(now: clock.now) { return }
            for turn in writing.suspend() { answerable.append(turn) }
        }
    }

    /// Takes back a turn of a group that was answered without the loop.
    /// - Returns: Whether it was answered at all.
    mutating func takeBackFromGroup(_ turn: Turn) -> Bool {
        if turn.groupPlace == .last { writing.noteBack() }
        turn.groupPlace = .none
        guard turn.request != nil else { return true }
        guard !turn.connection.isAbandoned else { return false }
        if writing.isAway {
            // Its group waits for something else.
            for turn in writing.suspend() { answerable.append(turn) }
        }
        answerable.append(turn)
        return false
    }
}
