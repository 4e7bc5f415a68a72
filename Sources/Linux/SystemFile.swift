import Glibc

/// Small files: the texts of /proc and /sys, and what is asked of the file system about a path.
public enum SystemFile {
    /// The whole content, or `nil` when it cannot be read.
    public static func read(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY) else { return nil }
        return read(file.rawValue)
    }

    /// The rest of an open file.
    public static func read(_ descriptor: CInt) -> String? {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: content, as: UTF8.self) }
            content.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes a text at the position of an open file. Says whether all of it was written.
    @discardableResult
    public static func write(_ text: String, to descriptor: CInt) -> Bool {
        var bytes = Array(text.utf8)
        return unsafe Glibc.write(descriptor, &bytes, bytes.count) == bytes.count
    }

    /// Writes a setting, if that is allowed.
    public static func write(_ text: String, to path: String) {
        guard let file = try? FileDescriptor.open(path, O_WRONLY) else { return }
        write(text, to: file.rawValue)
    }

    /// The names in a directory, in no order; none when it cannot be read.
    public static func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Where a symbolic link leads (readlink(2)); `nil` when that may not be known.
    public static func link(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &target, target.count)
        return count < 0 ? nil : String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The path without symbolic links (realpath(3)); `nil` when there is nothing.
    public static func resolve(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// Takes a name out of the file system (unlink(2)).
    public static func remove(_ path: String) { unsafe unlink(path) }

    /// Whether this user may read it (access(2)).
    public static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    /// Whether this user may execute it (access(2)).
    public static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

    /// Where relative paths start.
    public static var workingDirectory: String? {
        guard let path = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}
