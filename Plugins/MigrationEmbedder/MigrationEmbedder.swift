import Glibc

/// Writes the Swift source of a folder of migrations: `MigrationEmbedder FOLDER FILE`. The plugin `EmbedMigrations` runs it.
@main
struct MigrationEmbedder {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { fail(["expected a folder of migrations and the file to write"]) }
        let folder = arguments[1]
        let files = names(in: folder).filter { !$0.hasPrefix(".") }.sorted().map { MigrationFile(name: $0) }
        let faults = MigrationFile.faults(of: files)
        guard faults.isEmpty else { fail(faults.map { "\(folder)/\($0)" }) }
        let texts = files.map { file in
            let path = "\(folder)/\(file.name)"
            guard let text = String(validating: bytes(of: path), as: UTF8.self) else { fail(["\(path): is not UTF-8"]) }
            return (file: file, text: text)
        }
        write(source(MigrationFile.entries(texts)), to: arguments[2])
    }

    // Foundation's files would bring a function into the program that linkers warn about.

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { failReading(folder) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
                }
            )
        }
        return names
    }

    private static func bytes(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { failReading(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &block, block.count)
            guard count >= 0 else { failReading(path) }
            guard count > 0 else { return bytes }
            bytes += block[..<count]
        }
    }

    private static func write(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        let bytes = Array(text.utf8)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count, close(descriptor) == 0 else {
            fail(["\(path): cannot be written: \(String(cString: strerror(errno)))"])
        }
    }

    private static func failReading(_ path: String) -> Never {
        fail(["\(path): cannot be read: \(String(cString: strerror(errno)))"])
    }

    private static func source(_ entries: [String]) -> String {
        """
        internal import SQL

        /// The files of the folder `Migrations`, in order.
        enum Migrations {
            static let all: [Migration] = [
        \(entries.joined(separator: "\n"))
            ]
        }

        """
    }

    /// Compilers and build systems show lines of this form as errors of the build.
    private static func fail(_ faults: [String]) -> Never {
        let text = faults.map { "error: \($0)\n" }.joined()
        _ = Glibc.write(STDERR_FILENO, text, text.utf8.count)
        exit(1)
    }
}
