import Linux

/// A package of the system, or a library that belongs to none, whose shared libraries this process uses.
struct SystemPackage: Equatable {
    /// Such as `libsqlite3-0`.
    let name: String
    /// The package's release; for a library without one what its file's name says.
    let version: String?
    /// The package's URL (purl); `nil` for a library without a package.
    let url: String?
    /// The libraries, as paths.
    let files: [String]
    /// Whether it is loaded only when a database or another service is asked for.
    let isOptional: Bool

    /// What a service can load beside what it is linked to, under the names it is looked for by: the first that is there.
    private static let loadable = [["libpq.so.5"], ["libcurl.so.4", "libcurl-gnutls.so.4"]]

    /// Those of this process on this host. Loads what a service can load.
    ///
    /// - Parameter packages: What the host's package manager knows.
    static func used(packages: DebianPackages = DebianPackages()) -> [SystemPackage] {
        let linked = Set(SharedLibraries.loaded)
        for names in loadable { _ = names.first(where: SharedLibraries.load) }
        return of(SharedLibraries.loaded, linked: linked, packages: packages)
    }

    /// - Parameters:
    ///   - files: Paths of libraries.
    ///   - linked: Those of them that the program cannot start without.
    static func of(_ files: [String], linked: Set<String>, packages: DebianPackages) -> [SystemPackage] {
        let owners = packages.owners(of: files)
        let groups = Dictionary(grouping: files) { owners[$0]?.name ?? $0 }
        return groups.values.map { files in
            let isOptional = linked.isDisjoint(with: files)
            if let owner = owners[files[0]] {
                return SystemPackage(
                    name: owner.name,
                    version: owner.version,
                    url: packages.url(of: owner),
                    files: files,
                    isOptional: isOptional
                )
            }
            // libfoo.so.1.2.3, libfoo.so
            let file = files[0].split(separator: "/").last ?? ""
            let end = file.firstRange(of: ".so")?.lowerBound ?? file.endIndex
            let version = file[end...].dropFirst(4)
            return SystemPackage(
                name: String(file[..<end]),
                version: version.isEmpty ? nil : String(version),
                url: nil,
                files: files,
                isOptional: isOptional
            )
        }.sorted { $0.name < $1.name }
    }
}
