import Foundation
import Testing

@Suite("The house")
struct HouseTests {
    @Test(
        "has its rooms in order: a module imports only what stands below it",
        arguments: [
            ("Values", []),
            ("Linux", ["CLinux", "Glibc", "Synchronization"]),
            ("Prefork", ["Linux", "Glibc", "Synchronization"]),
            ("HTTPServer", ["CLinux", "Linux", "Values", "Glibc", "Synchronization", "HTTPTypes"]),
            ("Telemetry", ["CoreMetrics", "Linux", "Values", "Glibc", "Synchronization", "Logging"]),
            (
                "SQL",
                ["CPostgreSQL", "CSQLite", "Linux", "Values", "Glibc", "Synchronization", "FoundationEssentials"]
            ),
            ("Jobs", ["SQL", "Linux", "Values", "Glibc", "Synchronization", "FoundationEssentials"]),
            ("HTTPClient", ["CCurl", "Linux", "Values", "Glibc", "FoundationEssentials", "HTTPTypes"]),
            (
                "Panal",
                [
                    "HTTPClient", "Linux", "Values", "Prefork", "HTTPServer", "Telemetry", "SQL", "Jobs", "Glibc",
                    "Synchronization",
                    "FoundationEssentials", "HTTPTypes", "Logging", "ArgumentParser", "Configuration",
                    "CoreMetrics",
                ]
            ),
            ("PanalTesting", ["HTTPServer", "HTTPTypes", "Panal", "Telemetry", "Values", "Glibc"]),
            ("Stays", ["Values"]),
            ("StaysStore", ["Jobs", "SQL", "Stays", "Values"]),
            (
                "App",
                [
                    "ArgumentParser", "HTTPClient", "HTTPServer", "HTTPTypes", "Jobs", "Logging", "Panal", "SQL",
                    "Stays",
                    "StaysStore", "Values",
                ]
            ),
        ] as [(String, Set<String>)]
    )
    func imports(module: String, allowed: Set<String>) throws {
        #expect(try importedModules(in: "Sources/\(module)").subtracting(allowed) == [])
    }

    @Test("has no full Foundation in the product")
    func foundation() throws {
        let imported = try importedModules(in: "Sources")
        #expect(imported.isDisjoint(with: ["Foundation", "Dispatch", "FoundationNetworking", "NIO", "NIOCore"]))
    }

    @Test("keeps unsafe code out of the template", arguments: ["Values", "Stays", "StaysStore", "App"])
    func noEscapeHatches(module: String) throws {
        let hatches = ["@unchecked", "nonisolated(unsafe)", "unsafe ", "Unsafe", "@preconcurrency", "try!", "as!"]
        for file in try Repository.swiftFiles(in: "Sources/\(module)") {
            let text = try String(contentsOf: file, encoding: .utf8)
            for hatch in hatches { #expect(!text.contains(hatch), "\(file.lastPathComponent): \(hatch)") }
        }
    }

    @Test(
        "reads one clock for deadlines: ContinuousClock is CLOCK_BOOTTIME on Linux, which runs on while a host sleeps"
    )
    func oneClock() throws {
        for file in try Repository.swiftFiles(in: "Sources") {
            let code = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
                .filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            #expect(!code.contains { $0.contains("ContinuousClock") }, "\(file.lastPathComponent)")
            #expect(!code.contains { $0.contains("CLOCK_BOOTTIME") }, "\(file.lastPathComponent)")
        }
    }

    @Test(
        "reads the environment in one place only; beside it there are handed sockets, who started the service, and NO_COLOR"
    )
    func onePlace() throws {
        let readers = try Repository.swiftFiles(in: "Sources").filter { file in
            let text = try String(contentsOf: file, encoding: .utf8)
            let ways = [
                "EnvironmentVariablesProvider(", "ProcessInfo.processInfo", "getenv(", "unsafe environ\n",
                "CurrentProcess.environment(",
            ]
            return ways.contains { text.contains($0) }
        }
        let names = Set(readers.map(\.lastPathComponent))
        let handed: Set = [
            "CurrentProcess.swift", "HandoverFile.swift", "NonBlockingDescriptor.swift", "Program.swift",
            "ServiceManager.swift", "SocketActivation.swift",
        ]
        #expect(names.subtracting(handed) == ["SettingsReading.swift", "ProcessEnvironment.swift"])
    }

    private func importedModules(in folder: String) throws -> Set<String> {
        var modules: Set<String> = []
        for file in try Repository.swiftFiles(in: folder) {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let position = words.firstIndex(of: "import"), position <= 1, position + 1 < words.count,
                    line.first != " ", line.first != "/"
                else { continue }
                modules.insert(String(words[position + 1]))
            }
        }
        return modules
    }
}
