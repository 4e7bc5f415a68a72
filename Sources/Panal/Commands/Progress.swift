import Linux

/// Tells on standard error how far a command is, once a second from the first second on: quick ones say nothing.
final class Progress: Sendable {
    private struct State {
        var line: (@Sendable () -> String)?
        var thread: Thread?
    }

    private let state = Lock(State())
    private let ended = Semaphore()

    /// From now on this is the line to show; it is made anew for each second.
    func show(_ line: @escaping @Sendable () -> String) {
        state.withLock { state in
            state.line = line
            // Without a thread the command does its work all the same.
            if state.thread == nil { state.thread = try? Thread.start { [self] in report() } }
        }
    }

    /// Says nothing more.
    func end() {
        let thread = state.withLock { state in
            defer { (state.thread, state.line) = (nil, nil) }
            return state.thread
        }
        guard let thread else { return }
        ended.signal()
        thread.join()
    }

    private func report() {
        var next = MonotonicInstant.now + .seconds(1)
        while !ended.wait(until: next) {
            if let line = state.withLock({ $0.line }) { StandardError.write(line() + "\n") }
            next = next + .seconds(1)
        }
    }
}
