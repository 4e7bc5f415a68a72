import Glibc

/// Memory that requests are read into and stay in.
///
/// The loop writes behind the bytes of complete requests, or to a block nobody else holds; so a ``Request`` that a
/// handler keeps never changes. All access is through bounds-checked spans and one recv(2).
@safe final class InputBlock: @unchecked Sendable {
    let capacity: Int
    /// How many turns have their bytes here. Only the loop counts them.
    var turnCount = 0
    private let base: UnsafeMutableRawPointer

    init(capacity: Int) {
        self.capacity = capacity
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    convenience init(copying bytes: [UInt8]) {
        self.init(capacity: bytes.count)
        unsafe base.copyMemory(from: bytes, byteCount: bytes.count)
    }

    deinit {
        unsafe base.deallocate()
    }

    /// Lends the bytes of `range`.
    @inline(__always)
    func withSpan<Result, Failure: Error>(
        _ range: Range<Int>,
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity)
        let start = unsafe (base + range.lowerBound).assumingMemoryBound(to: UInt8.self)
        return try unsafe read(Span(_unsafeStart: start, count: range.count))
    }

    /// Lends the bytes of `range` to be changed.
    func withMutableSpan<Result, Failure: Error>(
        _ range: Range<Int>,
        _ change: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity)
        let start = unsafe (base + range.lowerBound).assumingMemoryBound(to: UInt8.self)
        var span = unsafe MutableSpan(_unsafeStart: start, count: range.count)
        return try change(&span)
    }

    /// Copies the bytes of `range` of `other` to `position`.
    func copy(_ range: Range<Int>, of other: InputBlock, to position: Int = 0) {
        precondition(range.lowerBound >= 0 && range.upperBound <= other.capacity)
        precondition(position >= 0 && range.count <= capacity - position)
        unsafe (base + position).copyMemory(from: other.base + range.lowerBound, byteCount: range.count)
    }

    /// recv(2) into the room from `position` on.
    func receive(from socket: CInt, at position: Int, atMost limit: Int = .max) -> Int {
        precondition(position >= 0 && position < capacity && limit > 0)
        return unsafe recv(socket, base + position, min(capacity - position, limit), 0)
    }
}
