import Glibc

/// The program that runs, as it was started: to be executed again when another version lies in its place.
struct Program {
    let path: String
    let arguments: [String]

    /// Must be asked for before the process title is changed, which overwrites the arguments.
    static func current() -> Program {
        let arguments = CommandLine.arguments
        let name = arguments.first ?? ""
        // Not where symbolic links led at the start: a deployment may have pointed them at the next version since.
        let path = absolute(name) ?? "/proc/self/exe"
        return Program(path: path, arguments: arguments)
    }

    private static func absolute(_ name: String) -> String? {
        if name.hasPrefix("/") { return name }
        if name.contains("/") { return SystemFile.workingDirectory.map { "\($0)/\(name)" } }
        let folders = environmentValue("PATH")?.split(separator: ":") ?? []
        return folders.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
    }

    /// Replaces the program of this process (execve(2)). Returns only when that fails.
    func execute() -> SystemError {
        var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv(path, &pointers)
        let error = SystemError("exec \(path)")
        unsafe pointers.forEach { unsafe free($0) }
        return error
    }
}
