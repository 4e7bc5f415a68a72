import Glibc

/// A service that others ask and that answers when the test wants it to: a handler that asks it waits as long as that.
final class Partner {
    private let socket: ListeningSocket
    private var held: [String: CInt] = [:]

    var port: UInt16 { socket.port }

    init() throws { socket = try ListeningSocket() }

    deinit { answerAll() }

    /// A question that waits for its answer.
    func request(_ question: String, _ fields: [(String, String)] = []) -> Request {
        .get("/ask/\(port)/\(question)", fields)
    }

    /// The next that asks, and waits from now on; nil when nobody comes.
    func nextQuestion(by deadline: Deadline = .generous) -> String? {
        guard Self.hasInput(socket.descriptor, by: deadline) else { return nil }
        let connection = accept(socket.descriptor, nil, nil)
        guard connection >= 0 else { return nil }
        // A process that a test starts meanwhile must not keep it open.
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        var question: [UInt8] = []
        var byte: UInt8 = 0
        while Self.hasInput(connection, by: deadline), read(connection, &byte, 1) == 1, byte != 10 {
            question.append(byte)
        }
        let name = String(decoding: question, as: UTF8.self)
        held[name] = connection
        return name
    }

    /// Whether exactly these ask, in any order, all at the same time.
    func isAsked(_ questions: Set<String>) -> Bool {
        var missing = questions
        while !missing.isEmpty {
            guard let question = nextQuestion(), missing.remove(question) != nil else { return false }
        }
        return true
    }

    func answer(_ question: String) {
        if let connection = held.removeValue(forKey: question) { close(connection) }
    }

    func answerAll() {
        for connection in held.values { close(connection) }
        held = [:]
    }

    private static func hasInput(_ descriptor: CInt, by deadline: Deadline) -> Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, CInt(deadline.secondsLeft * 1000)) == 1
    }
}
