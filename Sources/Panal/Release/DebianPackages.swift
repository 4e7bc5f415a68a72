import Linux

/// What dpkg knows of a host, or of an image: which package a file is from. Nothing on hosts without it.
struct DebianPackages {
    /// A package that is installed.
    struct Package: Equatable {
        let name: String
        let version: String
        let architecture: String
    }

    /// Where the host's files begin; tests have one of their own.
    var root = ""

    /// The packages of these files, by path.
    func owners(of files: [String]) -> [String: Package] {
        var wanted: [Substring: String] = [:]
        for file in files {
            wanted[Substring(file)] = file
            // Packages from before /lib became a link to /usr/lib.
            if file.hasPrefix("/usr/lib") { wanted[file.dropFirst(4)] = file }
        }
        let installed = self.installed
        var owners: [String: Package] = [:]
        for list in SystemFile.names(in: root + "/var/lib/dpkg/info") where list.hasSuffix(".list") {
            // libc6:amd64.list
            let name = String(list.dropLast(5).prefix { $0 != ":" })
            guard let package = installed[name] else { continue }
            for line in (SystemFile.read(root + "/var/lib/dpkg/info/" + list) ?? "").split(separator: "\n") {
                if let file = wanted[line] { owners[file] = package }
            }
        }
        return owners
    }

    /// The package's URL (purl).
    func url(of package: Package) -> String {
        let release = systemRelease
        let distribution = release["ID"] ?? "debian"
        let version = release["VERSION_ID"].map { "&distro=\(distribution)-\($0)" } ?? ""
        let name = PackageURL.escaped(package.name) + "@" + PackageURL.escaped(package.version)
        return "pkg:deb/\(distribution)/\(name)?arch=\(package.architecture)\(version)"
    }

    private var installed: [String: Package] {
        var packages: [String: Package] = [:]
        for paragraph in (SystemFile.read(root + "/var/lib/dpkg/status") ?? "").split(separator: "\n\n") {
            var fields: [Substring: String] = [:]
            for line in paragraph.split(separator: "\n") where !line.hasPrefix(" ") {
                let parts = line.split(separator: ": ", maxSplits: 1)
                if parts.count == 2 { fields[parts[0]] = String(parts[1]) }
            }
            guard let name = fields["Package"], let version = fields["Version"],
                fields["Status"]?.hasSuffix(" installed") == true
            else { continue }
            packages[name] = Package(name: name, version: version, architecture: fields["Architecture"] ?? "all")
        }
        return packages
    }

    /// os-release(5).
    private var systemRelease: [String: String] {
        let lines = (SystemFile.read(root + "/etc/os-release") ?? "").split(separator: "\n")
        let pairs = lines.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }.filter { $0.count == 2 }
        return Dictionary(pairs.map { ($0[0], String($0[1].filter { $0 != "\"" })) }) { $1 }
    }
}
