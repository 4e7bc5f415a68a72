import Linux

/// A size as people read it: `12.3 MB`.
struct ByteCount: CustomStringConvertible {
    let bytes: Int

    /// Of a file; 0 when there is none.
    init(ofFile path: String) { bytes = FileStatus(of: path)?.size ?? 0 }

    init(_ bytes: Int) { self.bytes = bytes }

    var description: String {
        guard bytes >= 1_000 else { return "\(bytes) bytes" }
        var (tenths, unit) = (bytes / 100, 0)
        while tenths >= 10_000, unit < Self.units.count - 1 { (tenths, unit) = (tenths / 1_000, unit + 1) }
        return "\(tenths / 10).\(tenths % 10) \(Self.units[unit])"
    }

    private static let units = ["KB", "MB", "GB", "TB"]
}
