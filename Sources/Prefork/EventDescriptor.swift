import CLinux
import Glibc

/// An eventfd(2): one process rings it, another waits for it to be readable.
enum EventDescriptor {
    /// A new eventfd, not yet readable.
    static func open() throws(SystemError) -> CInt {
        let descriptor = eventfd(0, CLINUX_EFD_CLOEXEC | CLINUX_EFD_NONBLOCK)
        guard descriptor >= 0 else { throw SystemError("eventfd") }
        return descriptor
    }

    /// Makes it readable.
    static func signal(_ descriptor: CInt) {
        // EAGAIN means that it is readable already; nothing else can fail.
        _ = eventfd_write(descriptor, 1)
    }

    /// Makes it unreadable again.
    static func clear(_ descriptor: CInt) {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &count)
    }
}
