import CLinux
import Glibc

/// A lock on a file, or on some of its bytes, that one open file at a time can have (fcntl(2), "Open file description
/// locks"). It ends with this value, and with the process, however that ends.
///
/// It excludes the locks of processes too (`F_SETLK`), which is what SQLite uses.
public struct FileLock: ~Copyable, Sendable {
    private let file: FileDescriptor

    /// Takes the lock, without waiting.
    /// - Parameters:
    ///   - file: Open for writing.
    ///   - bytes: Which bytes of it, whether they exist or not; `nil` for all.
    /// - Returns: `nil` when somebody else has it.
    public static func take(
        _ file: consuming FileDescriptor,
        bytes: Range<Int64>? = nil
    ) throws(SystemError) -> FileLock? {
        guard clinux_lock_file(file.rawValue, bytes?.lowerBound ?? 0, Int64(bytes?.count ?? 0)) == 0 else {
            guard errno == EAGAIN || errno == EACCES else { throw SystemError("fcntl") }
            return nil
        }
        return FileLock(file: file)
    }

    private init(file: consuming FileDescriptor) { self.file = file }
}
