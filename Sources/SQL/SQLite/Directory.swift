import Glibc

/// Directories that a database is put into.
enum Directory {
    /// Makes a directory and those above it, as far as they are missing.
    static func create(_ path: String) throws(DatabaseError) {
        guard unsafe access(path, F_OK) != 0 else { return }
        let parent = SQLiteLocation.parent(of: path)
        if parent != path { try create(parent) }
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw .unavailable(
                reason: "the directory \(path) cannot be made: \(unsafe String(cString: strerror(errno)))",
                remedy: "make it, writable for the service, or name another file in the database URL"
            )
        }
        flush(parent)
    }

    /// Puts the entries of a directory on the disk: without that a power loss can take a new directory and all it holds.
    private static func flush(_ path: String) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }
}
