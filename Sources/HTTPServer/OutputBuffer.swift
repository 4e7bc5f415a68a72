import CLinux
import Glibc

/// The bytes of the answers that are about to be sent. One per server: what a socket does not take at once moves to the
/// connection.
@safe struct OutputBuffer: ~Copyable {
    private(set) var count = 0
    private var capacity: Int
    private var base: UnsafeMutablePointer<UInt8>

    init(capacity: Int) {
        self.capacity = capacity
        unsafe base = .allocate(capacity: capacity)
    }

    deinit {
        unsafe base.deallocate()
    }

    mutating func append(_ text: StaticString) {
        precondition(text.hasPointerRepresentation)
        unsafe append(text.utf8Start, text.utf8CodeUnitCount)
    }

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
        let digits = number < 10 ? 1 : number < 100 ? 2 : number < 1000 ? 3 : Self.digitCount(number)
        reserve(digits)
        var rest = number
        for index in stride(from: count + digits - 1, through: count, by: -1) {
            unsafe base[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    private static func digitCount(_ number: Int) -> Int {
        var count = 0
        var rest = number
        repeat {
            count += 1
            rest /= 10
        } while rest > 0
        return count
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        unsafe append(start, bytes.count)
    }

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

    /// send(2) of everything; never raises SIGPIPE.
    func send(to socket: CInt) -> Int {
        unsafe Glibc.send(socket, base, count, CInt(MSG_NOSIGNAL))
    }

    /// Copies what was not sent.
    func remainder(after sent: Int) -> [UInt8] {
        precondition(sent >= 0 && sent <= count)
        return unsafe [UInt8](UnsafeBufferPointer(start: base + sent, count: count - sent))
    }

    /// Forgets the bytes, and the memory when one large answer made it grow beyond what is usual.
    mutating func removeAll(shrinkingTo usual: Int) {
        count = 0
        guard capacity > usual else { return }
        unsafe base.deallocate()
        unsafe base = .allocate(capacity: usual)
        capacity = usual
    }
}
