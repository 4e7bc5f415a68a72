import Linux
import Synchronization

/// Where a handler writes an answer's body piece by piece (``Response/stream(_:status:_:)``).
///
/// What is written is collected up to 16 KiB, and sent then, or with ``flush()``. Sending waits until the client takes it: so
/// an answer of any size needs no more memory than that. All calls come from the thread that runs the closure.
public final class BodyWriter {
    /// Where the bytes go.
    private enum Sink {
        /// A connection.
        case socket(BlockingSocket)
        /// Memory, for tests.
        case memory
    }

    private let sink: Sink
    /// Whether each piece says how long it is (RFC 9112 section 7.1), so that its end and the body's can be told.
    private let isChunked: Bool
    private let signals: ServerSignals?
    /// Called when the client has taken something.
    private let progressed: () -> Void
    private var buffer: [UInt8] = []
    private(set) var sentCount = 0
    /// What went to memory.
    private(set) var collected: [UInt8] = []

    /// Sent together, at most.
    private static let pieceSize = 16 * 1024
    /// `4000` and a line break: the size of a piece has as many digits, whatever it is.
    private static let headSize = 6

    init(_ socket: BlockingSocket, isChunked: Bool, _ signals: ServerSignals, progressed: @escaping () -> Void) {
        sink = .socket(socket)
        self.isChunked = isChunked
        self.signals = signals
        self.progressed = progressed
        beginPiece()
    }

    /// Into memory.
    init() {
        sink = .memory
        isChunked = false
        signals = nil
        progressed = {}
    }

    /// Whether the server, or this process of it, is about to stop: a body without an end of its own should find one. It
    /// says so for as long as ``ServerConfiguration/drainTimeout``, then the connection is cut.
    public var isStopping: Bool { signals?.isDraining.load(ordering: .relaxed) ?? false }

    /// Writes text as UTF-8.
    /// - Throws: When the client is gone or too slow.
    public func write(_ text: String) throws(StreamError) {
        var text = text
        var failure: StreamError?
        text.withUTF8 { bytes in
            do throws(StreamError) { try unsafe write(bytes.span) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Writes bytes.
    /// - Throws: When the client is gone or too slow.
    public func write(_ bytes: [UInt8]) throws(StreamError) { try write(bytes.span) }

    /// Writes bytes.
    /// - Throws: When the client is gone or too slow.
    public func write(_ bytes: Span<UInt8>) throws(StreamError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, Self.pieceSize - pending)
            unsafe rest.extracting(..<count).withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
            rest = rest.extracting(count...)
            if pending == Self.pieceSize { try flush() }
        }
    }

    /// Sends what was written so far.
    /// - Throws: When the client is gone or too slow.
    public func flush() throws(StreamError) {
        guard pending > 0 else { return }
        endPiece()
        try send()
    }

    /// Sends the rest, and the end.
    func finish() throws(StreamError) {
        if pending > 0 { endPiece() } else { buffer.removeAll(keepingCapacity: true) }
        if isChunked { buffer += Array("0\r\n\r\n".utf8) }
        try send()
    }

    /// Bytes of the body that have not been sent.
    private var pending: Int { isChunked ? buffer.count - Self.headSize : buffer.count }

    private func beginPiece() {
        buffer.removeAll(keepingCapacity: true)
        if isChunked { buffer += [UInt8](repeating: 0, count: Self.headSize) }
    }

    private func endPiece() {
        guard isChunked else { return }
        let digits = Array("0123456789abcdef".utf8)
        for index in 0..<4 { buffer[index] = digits[pending >> (4 * (3 - index)) & 15] }
        buffer[4] = ASCII.carriageReturn
        buffer[5] = UInt8(ascii: "\n")
        buffer += [ASCII.carriageReturn, UInt8(ascii: "\n")]
    }

    private func send() throws(StreamError) {
        switch sink {
        case .socket(let socket):
            let bytes = buffer
            try socket.send(bytes.span)
        case .memory:
            collected += buffer
        }
        sentCount += buffer.count
        progressed()
        beginPiece()
    }
}
