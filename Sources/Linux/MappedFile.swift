import Glibc

/// A file in memory, for reading.
@safe
public final class MappedFile {
    private let bytes: UnsafeRawBufferPointer

    /// `nil` when it cannot be read, or is empty.
    public init?(_ path: String) {
        guard let file = try? FileDescriptor.open(path, O_RDONLY) else { return nil }
        let size = Int(lseek(file.rawValue, 0, SEEK_END))
        guard size > 0, let base = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, file.rawValue, 0),
            unsafe base != MAP_FAILED
        else { return nil }
        unsafe bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    /// The number at a position, in this machine's byte order. `nil` behind the end.
    public func load<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value? {
        guard offset >= 0, unsafe offset <= bytes.count - MemoryLayout<Value>.size else { return nil }
        return unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    /// The text from a position up to a NUL.
    public func text(at offset: Int) -> String? {
        guard offset >= 0, unsafe offset < bytes.count else { return nil }
        return unsafe String(decoding: bytes[offset...].prefix { $0 != 0 }, as: UTF8.self)
    }
}
