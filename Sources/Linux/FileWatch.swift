import Glibc

/// Tells when a file is touched (inotify(7)): a way for a process to wake others of the host that wait with poll(2), without
/// their knowing each other.
///
/// ```swift
/// let watch = try FileWatch("data/service.sqlite-jobs", madeAs: "data/service.sqlite")
/// // elsewhere
/// FileWatch.touch("data/service.sqlite-jobs")
/// ```
public struct FileWatch: ~Copyable, Sendable {
    private let descriptor: FileDescriptor
    private let path: String
    private let model: String

    /// Watches a file, which is made if it is not there: empty, with another file's permissions.
    /// - Throws: Also when this user has as many watches as the system allows (`fs.inotify.max_user_instances`).
    public init(_ path: String, madeAs model: String) throws(SystemError) {
        self.path = path
        self.model = model
        let descriptor = try FileDescriptor(inotify_init1(CInt(IN_NONBLOCK) | CInt(IN_CLOEXEC)), of: "inotify_init1")
        try Self.watch(path, model, descriptor.rawValue)
        self.descriptor = descriptor
    }

    /// Readable once the file was touched.
    public var rawValue: CInt { descriptor.rawValue }

    /// Makes it unreadable again. A file that was taken away is made anew.
    /// - Throws: When it cannot be.
    public func clear() throws(SystemError) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var isGone = false
        while true {
            let count = unsafe Glibc.read(rawValue, &buffer, buffer.count)
            guard count > 0 else { break }
            // The mask is the second word of an event, whose name, of length zero here, comes last.
            for event in stride(from: 0, to: count - 15, by: 16) {
                let mask = unsafe buffer.withUnsafeBytes {
                    unsafe $0.loadUnaligned(fromByteOffset: event + 4, as: UInt32.self)
                }
                if mask & UInt32(IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF) != 0 { isGone = true }
            }
        }
        if isGone { try Self.watch(path, model, rawValue) }
    }

    private static func watch(_ path: String, _ model: String, _ descriptor: CInt) throws(SystemError) {
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            file.adopt(statusOf: model)
        } catch {
            guard error.code == EEXIST else { throw error }
        }
        let events = UInt32(IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
        guard unsafe inotify_add_watch(descriptor, path, events) >= 0 else {
            throw SystemError("inotify_add_watch \(path)")
        }
    }

    /// Touches a file (utimensat(2)): who watches it wakes up. One that is not there is watched by nobody.
    public static func touch(_ path: String) { unsafe utimensat(AT_FDCWD, path, nil, 0) }
}
