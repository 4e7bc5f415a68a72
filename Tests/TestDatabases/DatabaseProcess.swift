import Foundation
import Glibc

/// A program of a database that runs for the tests of this process, as a user without rights, and is gone with the process,
/// however that ends.
final class DatabaseProcess: Sendable {
    /// What went wrong when it was started.
    struct Failure: Error, CustomStringConvertible {
        /// What, with the program's own words.
        let description: String
    }

    /// Its own, for whatever it keeps; also its sockets, whose paths have to be short.
    let directory: String
    private let process: Process

    /// Makes the directory; nothing runs yet.
    init(_ name: String) throws {
        directory = "/tmp/panal-\(name)-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        // PostgreSQL and PgBouncer refuse to run as root.
        if geteuid() == 0 { chown(directory, Self.user, Self.user) }
        process = Process()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Starts it by a script of the shell, in the background.
    /// - Parameters:
    ///   - end: What ends it, as a script too. It runs at the end of the shell's input, which comes with that of this process.
    ///   - isReady: Whether it can be used.
    func start(_ script: String, end: String, until isReady: () -> Bool) throws {
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            """
            exec 3<&0 >\(directory)/log 2>&1
            \(script)
            cat <&3 >/dev/null
            \(end)
            wait
            rm -rf \(directory)
            """,
        ]
        process.standardInput = Pipe()
        try process.run()
        let end = SuspendingClock.now.advanced(by: .seconds(60))
        while SuspendingClock.now < end {
            if isReady() { return }
            guard process.isRunning else { break }
            usleep(20_000)
        }
        throw Failure(description: "the database for the tests did not start: \(log)")
    }

    /// Ends it, and waits for that.
    func stop() {
        guard process.isRunning, let input = process.standardInput as? Pipe else { return }
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// What it said.
    var log: String { (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? "" }

    /// `nobody`: initdb wants one that has a name.
    private static let user: uid_t = 65534

    /// What in front of a command makes that user run it.
    static var launcher: String {
        geteuid() == 0 ? "setpriv --reuid=\(user) --regid=\(user) --clear-groups --inh-caps=-all" : ""
    }
}
