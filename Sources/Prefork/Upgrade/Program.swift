import CLinux
import Glibc

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
        let folders = environmentValue("PATH")?.split(separator: ":") ?? []
        return folders.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
    }

    /// What lies at the path now.
    func open() throws(SystemError) -> ProgramFile { try ProgramFile(path) }

    /// Replaces the program of this process by a file (fexecve(3)), which gets the same arguments and so knows where the next
    /// one will lie. Returns only when that fails.
    func execute(_ file: ProgramFile) -> SystemError {
        let pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
        unsafe fexecve(file.descriptor, pointers, environ)
        let error = SystemError("exec \(path)")
        unsafe pointers.forEach { unsafe free($0) }
        return error
    }

    /// Gives this process the name that execve(2) would have: of a file without a path older kernels (before 6.14) show the
    /// descriptor's number.
    func restoreName() {
        guard let name = arguments.first?.split(separator: "/").last else { return }
        unsafe _ = clinux_set_name(String(name))
    }
}
