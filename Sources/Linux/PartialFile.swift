import Glibc

/// A file under way to a name: written beside it under another, put on the disk, then renamed. Whoever looks at the name
/// finds what was there before or the whole new file, never a part. What is not placed is deleted with this value; of a
/// process that is killed a file `<name>.partial-<pid>` stays.
public struct PartialFile: ~Copyable, Sendable {
    /// Where it is written.
    public let path: String
    private let target: String

    /// Makes an empty one.
    /// - Parameters:
    ///   - target: The name that the file is to have.
    ///   - model: A file whose permissions and owner it gets.
    public init(of target: String, like model: String) throws(SystemError) {
        let path = "\(target).partial-\(getpid())"
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        file.adopt(statusOf: model)
        self.path = path
        self.target = target
    }

    deinit { SystemFile.remove(path) }

    /// Puts the content on the disk and gives the file its name.
    /// - Parameter isReplacing: Whether a file that has the name gives way; otherwise the call fails with `EEXIST`.
    public consuming func place(isReplacing: Bool) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_RDONLY)
        guard fsync(file.rawValue) == 0 else { throw SystemError("fsync \(path)") }
        if isReplacing {
            guard unsafe rename(path, target) == 0 else { throw SystemError("rename to \(target)") }
        } else {
            // Unlike rename(2), link(2) replaces nothing that came to be meanwhile.
            guard unsafe link(path, target) == 0 else { throw SystemError("link \(target)") }
        }
        try SystemFile.flushDirectory(of: target)
    }
}

extension SystemFile {
    /// Puts the names in the directory that holds a path on the disk (fsync(2)): until then a power loss may undo a rename.
    public static func flushDirectory(of path: String) throws(SystemError) {
        let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let directory = try FileDescriptor.open(parent, O_RDONLY | O_DIRECTORY)
        guard fsync(directory.rawValue) == 0 else { throw SystemError("fsync \(parent)") }
    }
}
