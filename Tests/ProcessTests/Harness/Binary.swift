import Glibc

/// The binary under test: `PANAL_BINARY`, else the release build of this package, else the App built with these tests.
enum Binary {
    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    static let path: String = {
        if let named = getenv("PANAL_BINARY") { return String(cString: named) }
        let package = #filePath.split(separator: "/").dropLast(4)
        let release = "/" + package.joined(separator: "/") + "/.build/release/App"
        return access(release, X_OK) == 0 ? release : built("App")
    }()

    /// The service with bugs, as built with these tests.
    static let crashingService = built("CrashingService")

    private static func built(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let bundle = String(decoding: buffer[0..<max(0, length)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "/" + bundle.split(separator: "/").dropLast().joined(separator: "/") + "/" + name
    }
}
