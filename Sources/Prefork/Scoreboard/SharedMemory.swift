import CLinux
import Glibc
import Synchronization

/// A region of memory that this process shares with all processes forked from it, and with the program that replaces it
/// in an upgrade. It reads as zero until written, and only touched pages cost memory.
@safe
final class SharedMemory: @unchecked Sendable {
    let descriptor: CInt
    let size: Int
    private let base: UnsafeMutableRawPointer

    /// New memory, all zero (memfd_create(2)).
    convenience init(size: Int) throws(SystemError) {
        let descriptor = unsafe clinux_memfd("scoreboard")
        guard descriptor >= 0 else { throw SystemError("memfd_create") }
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            let error = SystemError("ftruncate")
            close(descriptor)
            throw error
        }
        try self.init(mapping: descriptor, size: size)
    }

    /// Memory that another program left behind a descriptor.
    init(mapping descriptor: CInt, size: Int) throws(SystemError) {
        let mapped = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let address = unsafe mapped, unsafe address != MAP_FAILED else { throw SystemError("mmap") }
        self.descriptor = descriptor
        self.size = size
        unsafe base = address
    }

    deinit {
        unsafe munmap(base, size)
        close(descriptor)
    }

    /// A word that is read and written as a whole.
    ///
    /// All-zero bytes are a valid `Atomic` of zero, so a fresh mapping needs no further initialisation.
    func word(at offset: Int) -> SharedWord {
        precondition(offset >= 0 && offset + MemoryLayout<Atomic<UInt64>>.size <= size)
        return unsafe SharedWord(at: base.advanced(by: offset).assumingMemoryBound(to: Atomic<UInt64>.self))
    }

    /// A part of the memory, for bytes that other words guard.
    func bytes(at range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= size)
        return unsafe UnsafeMutableRawBufferPointer(start: base.advanced(by: range.lowerBound), count: range.count)
    }
}

/// One word of shared memory, 64 bits.
@safe
struct SharedWord {
    private let pointer: UnsafeMutablePointer<Atomic<UInt64>>

    init(at pointer: UnsafeMutablePointer<Atomic<UInt64>>) {
        unsafe self.pointer = pointer
    }

    /// The value, and with it all that its writer wrote before it.
    @inline(__always)
    func load() -> UInt64 { unsafe pointer.pointee.load(ordering: .acquiring) }

    /// A new value, which publishes all that was written before it.
    @inline(__always)
    func store(_ value: UInt64) { unsafe pointer.pointee.store(value, ordering: .releasing) }

    /// The value alone. For words that only this process writes.
    @inline(__always)
    func loadRelaxed() -> UInt64 { unsafe pointer.pointee.load(ordering: .relaxed) }

    /// A new value alone.
    @inline(__always)
    func storeRelaxed(_ value: UInt64) { unsafe pointer.pointee.store(value, ordering: .relaxed) }

    /// A new value, if the old one is as expected. Says whether it was.
    func replace(_ expected: UInt64, by value: UInt64) -> Bool {
        unsafe pointer.pointee.compareExchange(
            expected: expected,
            desired: value,
            ordering: .acquiringAndReleasing
        ).exchanged
    }

    /// A new value, in exchange for the old one.
    func exchange(_ value: UInt64) -> UInt64 {
        unsafe pointer.pointee.exchange(value, ordering: .acquiringAndReleasing)
    }
}
