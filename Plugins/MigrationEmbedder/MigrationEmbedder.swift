import FoundationEssentials
import Glibc

/// Writes the Swift source of a folder of migrations: `MigrationEmbedder FOLDER FILE`. The plugin `EmbedMigrations` runs it.
@main
struct MigrationEmbedder {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { fail(["expected a folder of migrations and the file to write"]) }
        let folder = arguments[1]
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            let files = names.filter { !$0.hasPrefix(".") }.sorted().map { MigrationFile(name: $0) }
            let faults = MigrationFile.faults(of: files)
            guard faults.isEmpty else { fail(faults.map { "\(folder)/\($0)" }) }
            let entries = try files.map { file in
                let bytes = try Data(contentsOf: URL(filePath: folder).appending(path: file.name))
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    fail(["\(folder)/\(file.name): is not UTF-8"])
                }
                return file.entry(text: text)
            }
            write(source(entries), to: arguments[2])
        } catch {
            fail(["\(folder): cannot be read: \(error)"])
        }
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

    /// Foundation's way of writing would bring a function into the program that linkers warn about.
    private static func write(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        let bytes = Array(text.utf8)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count, close(descriptor) == 0 else {
            fail(["\(path): cannot be written: \(String(cString: strerror(errno)))"])
        }
    }

    /// Compilers and build systems show lines of this form as errors of the build.
    private static func fail(_ faults: [String]) -> Never {
        let text = faults.map { "error: \($0)\n" }.joined()
        _ = Glibc.write(STDERR_FILENO, text, text.utf8.count)
        exit(1)
    }
}
