import Glibc

/// The shared libraries of this process.
public enum SharedLibraries {
    /// The files that the dynamic linker has mapped so far, without links in their paths, in order.
    public static var loaded: [String] {
        let maps = SystemFile.read("/proc/self/maps") ?? ""
        let paths = maps.split(separator: "\n").compactMap { line -> String? in
            guard let start = line.firstIndex(of: "/") else { return nil }
            let path = String(line[start...])
            let name = path.split(separator: "/").last ?? ""
            return name.hasSuffix(".so") || name.contains(".so.") ? path : nil
        }
        return Set(paths.map { SystemFile.resolve($0) ?? $0 }).sorted()
    }

    /// Loads one by its name, such as `libpq.so.5`, with all that it needs, until the process ends (dlopen(3)). Says whether it is
    /// there.
    @discardableResult
    public static func load(_ name: String) -> Bool { unsafe dlopen(name, RTLD_LAZY | RTLD_LOCAL) != nil }
}
