import Glibc
import Testing

/// A program under test: the release build of this package, else the one built with these tests.
struct Binary: Sendable, CustomTestStringConvertible {
    /// A service of a few routes, for the tests of engine and supervisor.
    static let fixture = Binary("FixtureService", "PANAL_FIXTURE", preparation: ["migrate"])
    /// The template's service.
    static let app = Binary("App", "PANAL_BINARY", preparation: ["migrate", "seed"])

    /// A supervisor whose worker falls into one of Swift's traps.
    static let crashing = Binary("CrashingService", "PANAL_CRASHING", preparation: [])

    /// A supervisor whose workers send each other what the receiver does not read.
    static let passing = Binary("PassingService", "PANAL_PASSING", preparation: [])

    /// A service whose jobs write down when they begin and end.
    static let jobs = Binary("JobsService", "PANAL_JOBS", preparation: ["migrate"])

    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The checkout that these tests were built from.
    static let package = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Where the service's user can execute it: where it was built, or a copy if the way there is barred to that user.
    let path: String
    /// The commands that make its database.
    let preparation: [String]
    var testDescription: String { path }

    /// - Parameter variable: Names another build of the program.
    private init(_ name: String, _ variable: String, preparation: [String]) {
        self.preparation = preparation
        let built = Binary.built(name, variable)
        let launcher = User.ofService.launcher
        if launcher.isEmpty || (try? Finished.running(launcher + ["test", "-x", built]))?.exit == .code(0) {
            path = built
            return
        }
        path = Binary.copies.path + "/" + name
        guard let copied = try? Finished.running(["install", "-m", "755", built, path]), copied.exit == .code(0) else {
            fatalError("cannot copy \(built) to a place where the service's user may execute it")
        }
    }

    /// What starts the binary as the service's user.
    func command(_ arguments: String...) -> [String] {
        User.ofService.launcher + [path] + arguments
    }

    private static let copies: TemporaryDirectory = {
        guard let directory = try? TemporaryDirectory() else { fatalError("no temporary directory for the binary") }
        atexit { TemporaryDirectory.delete(Binary.copies.path) }
        return directory
    }()

    private static func built(_ name: String, _ variable: String) -> String {
        if let named = getenv(variable) { return String(cString: named) }
        let release = package + "/.build/release/" + name
        return access(release, X_OK) == 0 ? release : besideTheTests(name)
    }

    private static func besideTheTests(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let bundle = String(decoding: buffer[0..<max(0, length)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "/" + bundle.split(separator: "/").dropLast().joined(separator: "/") + "/" + name
    }
}
