import CLinux
import Glibc

/// An eventfd(2): one thread or process signals it, another waits for it to be readable.
public final class EventFD: Sendable {
    private let descriptor: FileDescriptor

    /// A new one, not yet readable, non-blocking and closed on exec.
    public init() throws(SystemError) {
        descriptor = try FileDescriptor(eventfd(0, CLINUX_EFD_CLOEXEC | CLINUX_EFD_NONBLOCK), of: "eventfd")
    }

    /// One that exists already, such as a former program's.
    public init(owning descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// The descriptor, to be waited for.
    public var rawValue: CInt { descriptor.rawValue }

    /// Makes it readable.
    public func signal() {
        // EAGAIN means that it is readable already; nothing else can fail.
        _ = eventfd_write(rawValue, 1)
    }

    /// Makes it unreadable again.
    public func clear() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(rawValue, &count)
    }
}
