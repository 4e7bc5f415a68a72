import Glibc

/// A directory that belongs to the service's user and is gone with its owner.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/panal-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Spawned.Failure(description: "no temporary directory: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        try User.ofService.own(path)
    }

    deinit { TemporaryDirectory.delete(path) }

    static func delete(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        for name in ProcessTree.names(in: path) { delete(path + "/" + name) }
        rmdir(path)
    }
}
