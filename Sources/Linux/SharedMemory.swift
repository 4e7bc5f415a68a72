import Glibc
public import Synchronization

/// A region of memory that this process shares with all processes forked from it, and with a program that it hands the
/// descriptor to. It reads as zero until written, and only touched pages cost memory.
///
/// Words are atomic and the rest is guarded by words: a process may die at any instruction without harm to the others.
@safe
public final class SharedMemory: @unchecked Sendable {
    private let file: FileDescriptor
    /// Bytes.
    public let size: Int
    @usableFromInline let base: UnsafeMutableRawPointer

    /// New memory, all zero (memfd_create(2)).
    /// - Parameters:
    ///   - name: what /proc shows for it.
    ///   - size: bytes.
    public convenience init(_ name: String, size: Int) throws(SystemError) {
        let file = try FileDescriptor.inMemory(name)
        guard ftruncate(file.rawValue, off_t(size)) == 0 else { throw SystemError("ftruncate") }
        try self.init(mapping: file, size: size)
    }

    /// Memory that another program left behind a descriptor.
    public convenience init(mapping file: consuming FileDescriptor, size: Int) throws(SystemError) {
        try self.init(file, size: size, PROT_READ | PROT_WRITE)
    }

    /// Memory of a program that runs, whatever its size, to look at: who writes to it ends by a fault.
    public convenience init(reading file: consuming FileDescriptor) throws(SystemError) {
        let size = FileStatus(of: file.rawValue)?.size ?? 0
        try self.init(file, size: size, PROT_READ)
    }

    private init(_ file: consuming FileDescriptor, size: Int, _ protection: CInt) throws(SystemError) {
        let mapped = unsafe mmap(nil, size, protection, MAP_SHARED, file.rawValue, 0)
        guard let address = unsafe mapped, unsafe address != MAP_FAILED else { throw SystemError("mmap") }
        self.file = file
        self.size = size
        unsafe base = address
    }

    /// The anonymous file behind it, closed on exec.
    public var descriptor: CInt { file.rawValue }

    deinit { unsafe munmap(base, size) }

    /// A word that is read and written as a whole.
    ///
    /// All-zero bytes are a valid `Atomic` of zero, so a fresh mapping needs no further initialisation.
    /// - Parameter offset: bytes, a multiple of 8.
    @inlinable
    public func word(at offset: Int) -> SharedWord {
        precondition(offset >= 0 && offset + MemoryLayout<Atomic<UInt64>>.size <= size && offset & 7 == 0)
        return unsafe SharedWord(at: base.advanced(by: offset).assumingMemoryBound(to: Atomic<UInt64>.self))
    }

    /// Writes bytes that a word guards, as many as fit into a range.
    /// - Returns: How many.
    @inlinable
    public func write(_ bytes: RawSpan, in range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= size)
        let count = min(bytes.byteCount, range.count)
        unsafe bytes.withUnsafeBytes { source in
            guard count > 0, let start = source.baseAddress else { return }
            unsafe base.advanced(by: range.lowerBound).copyMemory(from: start, byteCount: count)
        }
        return count
    }

    /// Writes one byte that a word guards.
    @inlinable
    public func write(_ byte: UInt8, at offset: Int) {
        precondition(offset >= 0 && offset < size)
        unsafe base.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
    }

    /// Reads bytes that a word guards, as text. What is not UTF-8 is replaced.
    public func text(in range: Range<Int>) -> String {
        precondition(range.lowerBound >= 0 && range.upperBound <= size)
        return unsafe String(decoding: bytes(in: range), as: UTF8.self)
    }

    /// Makes a range zero again. Nobody else may write there meanwhile.
    public func clear(_ range: Range<Int>) {
        unsafe bytes(in: range).initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// A part of the memory itself, for who must write without calling anybody, such as a signal handler.
    @unsafe
    public func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= size)
        return unsafe UnsafeMutableRawBufferPointer(start: base.advanced(by: range.lowerBound), count: range.count)
    }
}

/// One word of shared memory, 64 bits.
@safe
@frozen
public struct SharedWord {
    @usableFromInline let pointer: UnsafeMutablePointer<Atomic<UInt64>>

    @inlinable
    init(at pointer: UnsafeMutablePointer<Atomic<UInt64>>) {
        unsafe self.pointer = pointer
    }

    /// The value, and with it all that its writer wrote before it.
    @inlinable @inline(__always)
    public func load() -> UInt64 { unsafe pointer.pointee.load(ordering: .acquiring) }

    /// A new value, which publishes all that was written before it.
    @inlinable @inline(__always)
    public func store(_ value: UInt64) { unsafe pointer.pointee.store(value, ordering: .releasing) }

    /// The value alone. For words that only this process writes.
    @inlinable @inline(__always)
    public func loadRelaxed() -> UInt64 { unsafe pointer.pointee.load(ordering: .relaxed) }

    /// A new value alone.
    @inlinable @inline(__always)
    public func storeRelaxed(_ value: UInt64) { unsafe pointer.pointee.store(value, ordering: .relaxed) }

    /// Adds to the value, as one step among all who do. Wraps.
    /// - Returns: The value before.
    @inlinable @inline(__always)
    @discardableResult
    public func add(_ value: UInt64) -> UInt64 {
        unsafe pointer.pointee.wrappingAdd(value, ordering: .relaxed).oldValue
    }

    /// A new value, if the old one is as expected. Says whether it was.
    @inlinable
    public func replace(_ expected: UInt64, by value: UInt64) -> Bool {
        unsafe pointer.pointee.compareExchange(
            expected: expected,
            desired: value,
            ordering: .acquiringAndReleasing
        ).exchanged
    }

    /// As ``load()``, in one order with all that is replaced or loaded so, which all processes see alike: of two who write each a word
    /// of their own and then read the other's, one at least sees what the other has written.
    @inlinable @inline(__always)
    public func loadInOrder() -> UInt64 { unsafe pointer.pointee.load(ordering: .sequentiallyConsistent) }

    /// As ``replace(_:by:)``, in that order.
    @inlinable
    public func replaceInOrder(_ expected: UInt64, by value: UInt64) -> Bool {
        unsafe pointer.pointee.compareExchange(
            expected: expected,
            desired: value,
            ordering: .sequentiallyConsistent
        ).exchanged
    }

    /// A new value, in exchange for the old one.
    @inlinable
    public func exchange(_ value: UInt64) -> UInt64 {
        unsafe pointer.pointee.exchange(value, ordering: .acquiringAndReleasing)
    }
}
