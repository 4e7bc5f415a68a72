import Glibc

/// A server of the tests in Python, on ports of its own. It ends when nobody holds this any more, or when the test process does.
final class PythonServer: Sendable {
    /// The first line that it writes: where it listens.
    let announcement: [UInt8]
    private let process: Spawned
    /// It reads from the other end until this one is closed, which the kernel does at the latest.
    private let leash: CInt

    /// - Parameters:
    ///   - script: below the package.
    ///   - interpreter: Which Python.
    init(_ script: String, interpreter: String = "python3") throws {
        var output: [CInt] = [0, 0]
        var input: [CInt] = [0, 0]
        guard pipe(&output) == 0, pipe(&input) == 0 else {
            throw Spawned.Failure(description: "no pipe: \(String(cString: strerror(errno)))")
        }
        // A process that another test starts meanwhile must not keep it running.
        for descriptor in output + input { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        process = try Spawned(
            [interpreter, Binary.package + "/" + script],
            environment: ["PATH": Binary.searchPath],
            output: output[1],
            errors: 2,
            passing: input[0]
        )
        close(output[1])
        close(input[0])
        leash = input[1]
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(output[0], &byte, 1) == 1, byte != 10 { line.append(byte) }
        close(output[0])
        announcement = line
    }

    deinit {
        close(leash)
        kill(process.pid, SIGKILL)
        _ = process.wait(by: .after(5))
    }
}
