import CLinux
import Glibc

/// An open file, socket or anything else that a descriptor stands for. The value owns the descriptor: it is closed when the
/// value ends, exactly once, and the compiler sees to it that nobody uses it afterwards.
///
/// Functions that only use a descriptor take its ``rawValue``; who gives it away for good calls ``release()``.
///
/// ```swift
/// let file = try FileDescriptor.open("/proc/self/stat", O_RDONLY)
/// let text = SystemFile.read(file.rawValue)
/// ```
public struct FileDescriptor: ~Copyable, Sendable {
    /// The descriptor's number. It is open for as long as this value lives, and not to be closed by anybody else.
    public let rawValue: CInt

    /// Takes over a descriptor that is open and that nobody else will close.
    public init(owning rawValue: CInt) {
        precondition(rawValue >= 0, "a descriptor is not negative")
        self.rawValue = rawValue
    }

    /// What a call returned that makes a descriptor, or -1.
    /// - Throws: The reason in `errno`, when it is -1.
    public init(_ result: CInt, of call: String) throws(SystemError) {
        guard result >= 0 else { throw SystemError(call) }
        rawValue = result
    }

    deinit { close(rawValue) }

    /// Gives the descriptor away: who gets the number closes it.
    public consuming func release() -> CInt {
        let value = rawValue
        discard self
        return value
    }

    /// A second descriptor for the same open file, closed on exec (fcntl(2), F_DUPFD_CLOEXEC).
    public func duplicate() throws(SystemError) -> FileDescriptor {
        try FileDescriptor(fcntl(rawValue, F_DUPFD_CLOEXEC, 0), of: "fcntl")
    }

    /// Whether a program that this process executes gets the descriptor, under the same number.
    public var isInheritable: Bool {
        get { Self.isInheritable(rawValue) }
        nonmutating set { Self.setInheritable(newValue, rawValue) }
    }

    /// Whether a program that this process executes gets a descriptor that somebody else owns.
    public static func isInheritable(_ descriptor: CInt) -> Bool { fcntl(descriptor, F_GETFD) & FD_CLOEXEC == 0 }

    /// Says whether a program that this process executes gets a descriptor that somebody else owns.
    public static func setInheritable(_ isInheritable: Bool, _ descriptor: CInt) {
        _ = fcntl(descriptor, F_SETFD, isInheritable ? 0 : FD_CLOEXEC)
    }

    /// From now on calls do not wait (O_NONBLOCK). It concerns all who share the open file, not just this descriptor.
    public func makeNonBlocking() {
        _ = fcntl(rawValue, F_SETFL, fcntl(rawValue, F_GETFL) | O_NONBLOCK)
    }
}

extension FileDescriptor {
    /// open(2), closed on exec.
    /// - Parameters:
    ///   - path: of the file.
    ///   - flags: such as `O_RDONLY`.
    ///   - mode: the permissions of a file that the call makes.
    public static func open(_ path: String, _ flags: CInt, mode: UInt32 = 0) throws(SystemError) -> FileDescriptor {
        let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        return FileDescriptor(owning: descriptor)
    }

    /// A program's file, to be executed and not read, so that this is all the right it takes (open(2), O_PATH).
    public static func openProgram(_ path: String) throws(SystemError) -> FileDescriptor {
        let descriptor = unsafe clinux_open_program(path)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        return FileDescriptor(owning: descriptor)
    }

    /// A file in memory that has no name in the file system (memfd_create(2)).
    /// - Parameter name: what /proc shows for it.
    public static func inMemory(_ name: String) throws(SystemError) -> FileDescriptor {
        try FileDescriptor(unsafe clinux_memfd(name), of: "memfd_create")
    }
}

extension FileDescriptor {
    /// Writes the rest of the file's content to another open file, which may be a pipe.
    public func copyContent(to target: CInt) throws(SystemError) {
        var buffer = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let count = unsafe Glibc.read(rawValue, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("read") }
            guard count > 0 else { return }
            var written = 0
            while written < count {
                let more = unsafe buffer.withUnsafeBytes { bytes in
                    unsafe Glibc.write(target, bytes.baseAddress! + written, count - written)
                }
                if more < 0, errno == EINTR { continue }
                guard more >= 0 else { throw SystemError("write") }
                written += more
            }
        }
    }

    /// Gives the open file the permissions of another and, as far as this user may, its owner (fchmod(2), fchown(2)).
    public func adopt(statusOf path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return }
        // First the owner: a change of owner takes some permissions away.
        if geteuid() == 0 { _ = fchown(rawValue, status.st_uid, status.st_gid) }
        _ = fchmod(rawValue, status.st_mode & 0o7777)
    }
}
