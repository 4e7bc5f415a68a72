import Glibc

/// One blocking connection to the service.
final class Connection {
    struct Failure: Error, CustomStringConvertible {
        let outcome: Outcome
        let code: Int32
        var description: String { "no connection: \(outcome) (errno \(code))" }
    }

    private let descriptor: CInt
    private var input: [UInt8] = []

    convenience init(to port: UInt16, timeout: Double = 30, receiveBuffer: CInt? = nil) throws(Failure) {
        try self.init(to: .port(port), timeout: timeout, receiveBuffer: receiveBuffer)
    }

    /// - Parameters:
    ///   - timeout: Seconds for the handshake and for each answer.
    ///   - receiveBuffer: Bytes that the kernel takes before they are read; what it finds right when nil.
    init(to address: Address, timeout: Double = 30, receiveBuffer: CInt? = nil) throws(Failure) {
        descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        precondition(descriptor >= 0, "the test has no descriptor left: errno \(errno)")
        var limit = timeval(tv_sec: Int(timeout), tv_usec: Int((timeout - timeout.rounded(.down)) * 1e6))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var yes: CInt = 1
        if case .port = address {
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
        }
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<CInt>.size))
        }
        let connected = address.connect(descriptor)
        guard connected == 0 else {
            let code = errno
            switch code {
            // A unix socket whose path is gone is one that nobody listens on.
            case ECONNREFUSED, ENOENT: throw Failure(outcome: .refused, code: code)
            case EINPROGRESS, EAGAIN, ETIMEDOUT: throw Failure(outcome: .connectTimedOut, code: code)
            default: throw Failure(outcome: .reset(afterBytes: 0), code: code)
            }
        }
    }

    deinit { close(descriptor) }

    /// Sends all bytes; false when the connection broke before the last one.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(text.utf8) }

    /// Ends our side of the connection, and leaves theirs open.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What the connection looks like without reading from it.
    enum Peek {
        case open, bytesWaiting, closed, reset
    }

    func peek() -> Peek {
        if !input.isEmpty { return .bytesWaiting }
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        if count > 0 { return .bytesWaiting }
        if count == 0 { return .closed }
        return errno == EAGAIN ? .open : .reset
    }

    /// Sends one request and reads its answer.
    func exchange(_ request: Request) -> Outcome {
        // Made before the look at the connection: the less time between look and first byte, the less they can disagree.
        let bytes = request.bytes
        switch peek() {
        case .open: break
        case .closed: return .closedBeforeRequest
        case .reset: return .reset(afterBytes: 0)
        case .bytesWaiting: return .malformed("bytes that nobody asked for")
        }
        // An answer may come although the request could not be sent to its end (413), so reading decides.
        send(bytes)
        return receive(headOnly: request.method == "HEAD")
    }

    /// Reads the next answer, interim (1xx) answers included.
    func receive(headOnly: Bool = false) -> Outcome {
        while true {
            switch parse(headOnly: headOnly) {
            case .whole(let answer, let length):
                input.removeFirst(length)
                if answer.closesConnection && !input.isEmpty { return .malformed("bytes behind the last answer") }
                return .answered(answer)
            case .broken(let why):
                return .malformed("\(why): \(String(decoding: input.prefix(300), as: UTF8.self))")
            case .partial:
                break
            }
            switch fill() {
            case .some(let outcome): return outcome
            case nil: continue
            }
        }
    }

    /// How the other side ended the connection: `.closedWithoutAnswer` is a clean end, and nothing came before it.
    func receiveEnd() -> Outcome {
        while input.isEmpty {
            if let outcome = fill() { return outcome }
        }
        return .malformed("bytes instead of the end: \(String(decoding: input.prefix(300), as: UTF8.self))")
    }

    /// All bytes up to the end of a text, as they came; nil when it did not come: of an answer without an end.
    func receive(through text: String, by deadline: Deadline = .generous) -> String? {
        while true {
            if let found = input.firstRange(of: Array(text.utf8)) {
                defer { input.removeFirst(found.upperBound) }
                return String(decoding: input[..<found.upperBound], as: UTF8.self)
            }
            guard !deadline.isOver, fill() == nil else { return nil }
        }
    }

    private func fill() -> Outcome? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 {
            input.append(contentsOf: buffer[0..<count])
            return nil
        }
        if count == 0 {
            return input.isEmpty ? .closedWithoutAnswer : .torn(String(decoding: input.prefix(300), as: UTF8.self))
        }
        if errno == EINTR { return nil }
        return errno == EAGAIN ? .timedOut(afterBytes: input.count) : .reset(afterBytes: input.count)
    }

    private enum Parsed {
        case partial
        case whole(Answer, length: Int)
        case broken(String)
    }

    private func parse(headOnly: Bool) -> Parsed {
        guard let headEnd = input.firstRange(of: Array("\r\n\r\n".utf8)) else { return .partial }
        let head = String(decoding: input[..<headEnd.lowerBound], as: UTF8.self)
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        let statusLine = lines.removeFirst().split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard statusLine.count == 3, statusLine[0] == "HTTP/1.1", statusLine[1].utf8.count == 3,
            let status = Int(statusLine[1]), (100...599).contains(status)
        else { return .broken("no status line") }
        var fields: [(name: String, value: String)] = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                line[..<colon].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
                !line.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 })
            else { return .broken("no field line") }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields.append((String(line[..<colon]), String(value)))
        }
        let lengths = fields.filter { $0.name.lowercased() == "content-length" }.map(\.value)
        let hasBody = !headOnly && status >= 200 && status != 204 && status != 304
        if lengths.count > 1 { return .broken("more than one Content-Length") }
        if status < 200 || status == 204, !lengths.isEmpty { return .broken("a Content-Length where none may be") }
        var length = 0
        if hasBody {
            guard let text = lengths.first, let value = Int(text), value >= 0 else {
                return .broken("no Content-Length")
            }
            length = value
        }
        guard input.count >= headEnd.upperBound + length else { return .partial }
        let body = Array(input[headEnd.upperBound..<headEnd.upperBound + length])
        return .whole(Answer(status: status, fields: fields, body: body), length: headEnd.upperBound + length)
    }
}
