import Linux

/// The program that runs, as it was started: to be executed again when another version lies in its place.
struct Program {
    let path: String
    let arguments: [String]

    /// Must be asked for before the process title is changed, which overwrites the arguments.
    static func current() -> Program {
        let arguments = ProcessStart.arguments
        let name = arguments.first ?? ""
        // Not where symbolic links led at the start: a deployment may have pointed them at the next version since.
        let path = absolute(name) ?? "/proc/self/exe"
        return Program(path: path, arguments: arguments)
    }

    private static func absolute(_ name: String) -> String? {
        if name.hasPrefix("/") { return name }
        if name.contains("/") { return SystemFile.workingDirectory.map { "\($0)/\(name)" } }
        let folders = CurrentProcess.environment("PATH")?.split(separator: ":") ?? []
        return folders.map { "\($0)/\(name)" }.first { SystemFile.isExecutable($0) }
    }

    /// What lies at the path now.
    func open() throws(SystemError) -> ProgramFile { try ProgramFile(path) }

    /// Replaces the program of this process by a file, which gets the same arguments and so knows where the next one will
    /// lie. Returns only when that fails.
    func execute(_ file: ProgramFile) -> SystemError {
        SystemError("exec \(path)", code: file.execute(arguments: arguments).code)
    }

    /// Gives this process the name that execve(2) would have: of a file without a path older kernels (before 6.14) show the
    /// descriptor's number.
    func restoreName() {
        guard let name = arguments.first?.split(separator: "/").last else { return }
        CurrentProcess.setName(String(name))
    }
}
