import Glibc

/// The binary under test: `PANAL_BINARY`, else the release build of this package, else the App built with these tests.
enum Binary {
    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The checkout that these tests were built from.
    static let package = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    /// Where the service's user can execute it: where it was built, or a copy if the way there is barred to that user.
    static let path: String = {
        let launcher = User.ofService.launcher
        let built = Binary.built
        if launcher.isEmpty || (try? Finished.running(launcher + ["test", "-x", built]))?.exit == .code(0) {
            return built
        }
        guard let copied = try? Finished.running(["install", "-m", "755", built, copy.path + "/App"]),
            copied.exit == .code(0)
        else { fatalError("cannot copy \(built) to a place where the service's user may execute it") }
        atexit { TemporaryDirectory.delete(Binary.copy.path) }
        return copy.path + "/App"
    }()

    /// What starts the binary as the service's user.
    static func command(_ arguments: String...) -> [String] {
        User.ofService.launcher + [path] + arguments
    }

    private static let copy: TemporaryDirectory = {
        guard let directory = try? TemporaryDirectory() else { fatalError("no temporary directory for the binary") }
        return directory
    }()

    private static let built: String = {
        if let named = getenv("PANAL_BINARY") { return String(cString: named) }
        let release = package + "/.build/release/App"
        return access(release, X_OK) == 0 ? release : besideTheTests("App")
    }()

    /// The service with bugs, as built with these tests.
    static let crashingService = besideTheTests("CrashingService")

    private static func besideTheTests(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let bundle = String(decoding: buffer[0..<max(0, length)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "/" + bundle.split(separator: "/").dropLast().joined(separator: "/") + "/" + name
    }
}
