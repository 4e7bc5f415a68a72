import Glibc

/// A command that runs to its end: what it wrote, and how it ended.
struct Finished: Sendable {
    let exit: Exit
    let output: String
    let errors: String

    /// Runs a command with exactly this environment; it is killed when it has not ended by the deadline.
    static func running(
        _ arguments: [String],
        environment: [String: String] = [:],
        by deadline: Deadline = .after(60)
    ) throws -> Finished {
        let directory = try TemporaryDirectory()
        let paths = [directory.path + "/output", directory.path + "/errors"]
        let files = paths.map { open($0, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        defer { files.forEach { close($0) } }
        let process = try Spawned(
            arguments,
            environment: ["PATH": Binary.searchPath].merging(environment) { $1 },
            output: files[0],
            errors: files[1]
        )
        guard let exit = process.wait(by: deadline) else {
            for descendant in ProcessTree.descendants(of: process.pid) { kill(descendant, SIGKILL) }
            kill(process.pid, SIGKILL)
            _ = process.wait(by: .generous)
            throw Spawned.Failure(description: "\(arguments.joined(separator: " ")) did not end in time")
        }
        return Finished(
            exit: exit,
            output: ProcessTree.read(paths[0]) ?? "",
            errors: ProcessTree.read(paths[1]) ?? ""
        )
    }
}
