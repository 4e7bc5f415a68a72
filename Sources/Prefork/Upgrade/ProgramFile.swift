import CLinux
import Glibc

/// A program held open, so that what was tried is what is executed, whatever lies at its path by then.
final class ProgramFile {
    let descriptor: CInt
    private let written: timespec
    private let size: Int

    init(_ path: String) throws(SystemError) {
        descriptor = unsafe clinux_open_program(path)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        var status = stat()
        unsafe fstat(descriptor, &status)
        (written, size) = (status.st_mtim, Int(status.st_size))
    }

    deinit { close(descriptor) }

    /// Whether somebody wrote into the file itself since it was opened. While it runs the kernel lets nobody.
    var isChanged: Bool {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return true }
        return status.st_mtim.tv_sec != written.tv_sec || status.st_mtim.tv_nsec != written.tv_nsec
            || Int(status.st_size) != size
    }
}
