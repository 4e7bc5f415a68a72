import Foundation
import PackagePlugin

/// Writes the release's identity into the build: the git revision and the commit's date, so that two builds of one
/// commit are the same; and the Swift packages that are linked, for the bill of materials. Where there is no git (an image
/// build, a platform's build pack), the environment says revision and date: `SOURCE_VERSION` and `SOURCE_DATE_EPOCH`.
@main
struct BuildInfo: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appending(path: "Generated")
        let script = """
            set -eu
            cd "$1"; file="$2/BuildInfo.swift"; mkdir -p "$2"
            revision=${SOURCE_VERSION:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
            seconds=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
            date=$(date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%SZ)
            printf 'enum BuildInfo {\\n    static let revision = "%s"\\n    static let date = "%s"\\n    static let packages = ###"%s"###\\n}\\n' \
                "$revision" "$date" "$3" > "$file.new"
            if cmp -s "$file.new" "$file"; then rm "$file.new"; else mv "$file.new" "$file"; fi
            """
        return [
            .prebuildCommand(
                displayName: "Writing the release's identity",
                executable: URL(filePath: "/bin/sh"),
                arguments: [
                    "-c", script, "sh", context.package.directoryURL.path(), output.path(),
                    try packages(of: target, in: context.package),
                ],
                // A command gets what is named here, and nothing else of the environment of the build.
                environment: ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("SOURCE_") },
                outputFilesDirectory: output
            )
        ]
    }

    /// As JSON, for `SoftwarePackage` of the library Panal.
    private func packages(of target: any Target, in root: Package) throws -> String {
        let used = Set(everything(under: target).map(\.id))
        let linked = packages(under: root).filter { package in package.targets.contains { used.contains($0.id) } }
        let names = Set(linked.map(\.id))
        var entries = linked.filter { $0.id != root.id }.map { package in
            var entry = Entry(name: name(of: package), licence: Licence(in: package.directoryURL)?.expression)
            switch package.origin {
            case .repository(let url, let version, _):
                // SwiftPM says "no revision" of a release; its checkout knows.
                let head = try? String(contentsOf: package.directoryURL.appending(path: ".git/HEAD"), encoding: .utf8)
                let revision = head?.split(separator: "\n").first.map(String.init)
                (entry.version, entry.location) = (version, url)
                entry.revision = revision.flatMap { $0.allSatisfy(\.isHexDigit) ? $0 : nil }
            case .registry(_, let version): entry.version = version
            default: break
            }
            let needs = package.dependencies.map(\.package).filter { names.contains($0.id) }
            entry.needs = needs.map(name(of:)).sorted()
            return entry
        }
        entries.sort { $0.name < $1.name }
        // Its standard library and FoundationEssentials are linked in as well.
        entries.append(Entry(name: "swift", version: compilerRelease(), licence: "Apache-2.0 WITH Swift-exception"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(entries), as: UTF8.self)
    }

    /// A folder's identity is the folder's name, which is somebody's own choice.
    private func name(of package: Package) -> String {
        if case .local = package.origin { package.displayName } else { package.id }
    }

    private func everything(under target: any Target) -> [any Target] {
        var found: [Target.ID: any Target] = [:]
        func visit(_ target: any Target) {
            guard found.updateValue(target, forKey: target.id) == nil else { return }
            for dependency in target.dependencies {
                switch dependency {
                case .target(let target): visit(target)
                case .product(let product): product.targets.forEach(visit)
                @unknown default: break
                }
            }
        }
        visit(target)
        return Array(found.values)
    }

    private func packages(under root: Package) -> [Package] {
        var found: [Package.ID: Package] = [:]
        func visit(_ package: Package) {
            guard found.updateValue(package, forKey: package.id) == nil else { return }
            package.dependencies.forEach { visit($0.package) }
        }
        visit(root)
        return Array(found.values)
    }

    /// The release of the compiler that runs this build, such as `6.3.1`. Its name stands in the path of the library that this
    /// plugin runs on; elsewhere the first one in PATH is asked.
    private func compilerRelease() -> String? {
        let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
        let lines = maps.split(separator: "\n").map(String.init)
        let library = lines.first { $0.contains("/lib/swift/pm/") } ?? ""
        let folder = library.firstIndex(of: "/").map { library[$0...].components(separatedBy: "/lib/swift/pm/")[0] }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: folder.map { $0 + "/bin/swiftc" } ?? "/usr/bin/env")
        process.arguments = (folder == nil ? ["swiftc"] : []) + ["--version"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let words = said.split { $0 == " " || $0 == "\n" }
        return words.firstIndex(of: "version").flatMap { words.indices.contains($0 + 1) ? String(words[$0 + 1]) : nil }
    }
}

/// What is said of a package that is linked.
private struct Entry: Encodable {
    let name: String
    var version: String?
    var revision: String?
    var location: String?
    var licence: String?
    var needs: [String] = []
}

/// The licence of a package, by the words of its file.
private struct Licence {
    /// As SPDX writes it.
    let expression: String

    init?(in package: URL) {
        let names = ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "COPYING"]
        let texts = names.compactMap { try? String(contentsOf: package.appending(path: $0), encoding: .utf8) }
        guard let text = texts.first else { return nil }
        if text.contains("Apache License") && text.contains("Version 2.0") {
            expression = text.contains("Runtime Library Exception") ? "Apache-2.0 WITH Swift-exception" : "Apache-2.0"
        } else if text.contains("Permission is hereby granted, free of charge") {
            expression = "MIT"
        } else if text.contains("Redistribution and use in source and binary forms") {
            expression = text.contains("Neither the name") ? "BSD-3-Clause" : "BSD-2-Clause"
        } else if text.contains("Mozilla Public License Version 2.0") {
            expression = "MPL-2.0"
        } else if text.contains("Permission to use, copy, modify, and/or distribute") {
            expression = "ISC"
        } else {
            return nil
        }
    }
}
