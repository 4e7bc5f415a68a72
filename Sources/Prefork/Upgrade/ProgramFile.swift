import Linux

/// A program held open, so that what was tried is what is executed, whatever lies at its path by then.
final class ProgramFile {
    private let file: FileDescriptor
    private let opened: FileStatus?

    init(_ path: String) throws(SystemError) {
        file = try .openProgram(path)
        opened = FileStatus(of: file.rawValue)
    }

    var descriptor: CInt { file.rawValue }

    /// Whether somebody wrote into the file itself since it was opened. While it runs the kernel lets nobody.
    var isChanged: Bool {
        guard let status = FileStatus(of: descriptor) else { return true }
        return status.modified != opened?.modified || status.size != opened?.size
    }

    /// Replaces the program of this process by this one. Returns only when that fails.
    func execute(arguments: [String]) -> SystemError { CurrentProcess.execute(file, arguments: arguments) }
}
