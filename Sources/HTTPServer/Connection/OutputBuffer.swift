import CLinux
import Glibc
import Values

/// The bytes of the answers that are about to be sent. One per server: what a socket does not take at once moves to the
/// connection.
@safe struct OutputBuffer: ~Copyable {
    private var count = 0
    /// A large body, sent from where it is. Nothing can follow it before all is sent.
    private var tail: [UInt8] = []
    private var capacity: Int
    private var base: UnsafeMutablePointer<UInt8>

    init(capacity: Int) {
        self.capacity = capacity
        unsafe base = .allocate(capacity: capacity)
    }

    deinit {
        unsafe base.deallocate()
    }

    /// A body of this size is worth a second place to send from.
    private static let leastTailSize = 16 * 1024

    /// The number of bytes to send.
    var size: Int { count + tail.count }

    /// Whether the bytes must be sent before more can be appended.
    var isSealed: Bool { !tail.isEmpty }

    /// Appends the body of a response, which ends it.
    mutating func append(body: [UInt8]) {
        if body.count < Self.leastTailSize {
            append(body)
        } else {
            tail = body
        }
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        precondition(text.hasPointerRepresentation)
        unsafe append(text.utf8Start, text.utf8CodeUnitCount)
    }

    /// Literals are static: they go the shorter way above.
    @_disfavoredOverload
    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { unsafe append($0) }
    }

    mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
    }

    mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
    }

    mutating func append(decimal number: Int) {
        precondition(number >= 0)
        let digits = number.magnitude.decimalDigitCount
        reserve(digits)
        var room = unsafe MutableSpan(_unsafeStart: base + count, count: digits)
        room.write(number, into: 0..<digits)
        count += digits
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        unsafe append(start, bytes.count)
    }

    @inline(__always)
    private mutating func append(_ start: UnsafePointer<UInt8>, _ size: Int) {
        reserve(size)
        unsafe (base + count).update(from: start, count: size)
        count += size
    }

    private mutating func reserve(_ size: Int) {
        guard size > capacity - count else { return }
        let grown = max(capacity * 2, count + size)
        let new = UnsafeMutablePointer<UInt8>.allocate(capacity: grown)
        unsafe new.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = new
        capacity = grown
    }

    /// Sends everything in one system call (sendmsg(2)); never raises SIGPIPE.
    func send(to socket: CInt) -> Int {
        guard isSealed else { return unsafe Glibc.send(socket, base, count, CInt(MSG_NOSIGNAL)) }
        return unsafe tail.withUnsafeBytes { tail in
            let second = unsafe UnsafeMutableRawPointer(mutating: tail.baseAddress!)
            var parts = unsafe (iovec(iov_base: base, iov_len: count), iovec(iov_base: second, iov_len: tail.count))
            return unsafe withUnsafeMutableBytes(of: &parts) { parts in
                var message = unsafe msghdr()
                unsafe message.msg_iov = parts.assumingMemoryBound(to: iovec.self).baseAddress
                unsafe message.msg_iovlen = 2
                return unsafe sendmsg(socket, &message, CInt(MSG_NOSIGNAL))
            }
        }
    }

    /// What was not sent, and where in it to go on.
    func remainder(after sent: Int) -> (bytes: [UInt8], start: Int) {
        precondition(sent >= 0 && sent <= size)
        guard sent < count else { return (tail, sent - count) }
        return unsafe ([UInt8](UnsafeBufferPointer(start: base + sent, count: count - sent)) + tail, 0)
    }

    /// Forgets the bytes, and the memory when one large answer made it grow beyond what is usual.
    mutating func removeAll(shrinkingTo usual: Int) {
        count = 0
        if isSealed { tail = [] }
        guard capacity > usual else { return }
        unsafe base.deallocate()
        unsafe base = .allocate(capacity: usual)
        capacity = usual
    }
}
