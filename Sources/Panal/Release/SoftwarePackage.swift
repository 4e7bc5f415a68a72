import FoundationEssentials

/// A Swift package whose code is part of the program, as the plugin `BuildInfo` has seen it in the build.
struct SoftwarePackage: Decodable, Equatable {
    /// Such as `swift-log`.
    let name: String
    /// The release; `nil` for a package that is a folder.
    let version: String?
    /// The git revision.
    let revision: String?
    /// The repository's address.
    let location: String?
    /// An SPDX expression; `nil` when its file has no words that are known.
    let licence: String?
    /// The names of others that it is built on.
    let needs: [String]

    /// The packages in what `BuildInfo.packages` holds; none when it is not JSON of this kind.
    static func list(in text: String) -> [SoftwarePackage] {
        (try? JSONDecoder().decode([SoftwarePackage].self, from: Data(text.utf8))) ?? []
    }

    /// The package's URL (purl), by which databases of vulnerabilities know it; `nil` for a folder.
    var url: String? {
        if name == "swift" { return version.map { "pkg:github/swiftlang/swift@swift-\($0)-RELEASE" } }
        guard let version, var path = location.map({ Substring($0) }) else { return nil }
        // https://host/owner/name.git, ssh://git@host/owner/name, git@host:owner/name
        if let scheme = path.firstRange(of: "://") { path = path[scheme.upperBound...] }
        if let user = path.firstIndex(of: "@") { path = path[path.index(after: user)...] }
        if path.hasSuffix(".git") { path = path.dropLast(4) }
        guard !path.hasPrefix("/") else { return nil }
        return "pkg:swift/\(path.replacing(":", with: "/"))@\(PackageURL.escaped(version))"
    }
}
