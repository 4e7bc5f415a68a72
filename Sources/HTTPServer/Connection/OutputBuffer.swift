import CLinux
import Glibc
import Values

/// The bytes of a turn's answers, which are about to be sent. What a socket does not take at once moves to ``UnsentOutput``.
@safe final class OutputBuffer {
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
    func append(body: [UInt8]) {
        if body.count < Self.leastTailSize {
            append(body)
        } else {
            tail = body
        }
    }

    @inline(__always)
    func append(_ text: StaticString) {
        precondition(text.hasPointerRepresentation)
        unsafe append(text.utf8Start, text.utf8CodeUnitCount)
    }

    /// Literals are static: they go the shorter way above.
    @_disfavoredOverload
    func append(_ text: String) {
        var text = text
        text.withUTF8 { unsafe append($0) }
    }

    func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
    }

    func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
    }

    func append(decimal number: Int) {
        precondition(number >= 0)
        let digits = number.magnitude.decimalDigitCount
        reserve(digits)
        var room = unsafe MutableSpan(_unsafeStart: base + count, count: digits)
        room.write(number, into: 0..<digits)
        count += digits
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        unsafe append(start, bytes.count)
    }

    @inline(__always)
    private func append(_ start: UnsafePointer<UInt8>, _ size: Int) {
        reserve(size)
        unsafe (base + count).update(from: start, count: size)
        count += size
    }

    @inline(__always)
    private func reserve(_ size: Int) {
        if size > capacity - count { grow(by: size) }
    }

    @inline(never)
    private func grow(by size: Int) {
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

    /// What was not sent.
    struct Remainder {
        let bytes: [UInt8]
        /// Where in them to go on.
        let start: Int
    }

    /// What is left when so many bytes have been sent.
    func remainder(after sent: Int) -> Remainder {
        precondition(sent >= 0 && sent <= size)
        guard sent < count else { return Remainder(bytes: tail, start: sent - count) }
        let head = unsafe [UInt8](UnsafeBufferPointer(start: base + sent, count: count - sent))
        return Remainder(bytes: head + tail, start: 0)
    }

    /// Forgets the bytes, and the memory when one large answer made it grow beyond what is usual.
    func removeAll(shrinkingTo usual: Int) {
        count = 0
        if isSealed { tail = [] }
        guard capacity > usual else { return }
        unsafe base.deallocate()
        unsafe base = .allocate(capacity: usual)
        capacity = usual
    }
}
