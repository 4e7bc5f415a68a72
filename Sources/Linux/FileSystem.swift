import Glibc

/// Where files lie: what kind of file system it is, and how much room it has.
public struct FileSystem: Equatable, Sendable {
    /// As mount(8) calls it: `ext4`, `overlay`, `tmpfs`; empty where /proc does not tell.
    public let kind: String
    /// Bytes that this user may still fill.
    public let freeBytes: Int
    /// Bytes that it has.
    public let totalBytes: Int

    /// A known one.
    public init(kind: String, freeBytes: Int, totalBytes: Int) {
        (self.kind, self.freeBytes, self.totalBytes) = (kind, freeBytes, totalBytes)
    }

    /// The one on which a directory or file lies (statvfs(3), proc(5)). `nil` when nothing is there.
    public init?(at path: String) {
        var status = statvfs()
        guard let path = SystemFile.resolve(path), unsafe statvfs(path, &status) == 0 else { return nil }
        let size = Int(clamping: status.f_frsize)
        self.init(
            kind: Self.kind(at: path, mounts: SystemFile.read("/proc/self/mountinfo") ?? ""),
            freeBytes: Int(clamping: status.f_bavail).multipliedReportingOverflow(by: size).partialValue,
            totalBytes: Int(clamping: status.f_blocks).multipliedReportingOverflow(by: size).partialValue
        )
    }

    /// Of the mount that is nearest above an absolute path; of several at one place the last one covers the others.
    /// - Parameter mounts: The text of /proc/self/mountinfo (proc(5)).
    static func kind(at path: String, mounts: String) -> String {
        var nearest = (length: -1, kind: "")
        for line in mounts.split(separator: "\n") {
            // number parent device root PLACE options optional… - KIND source options
            let fields = line.split(separator: " ")
            guard fields.count > 4, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { continue }
            let place = unescaped(fields[4])
            let isAbove = place == "/" || path == place || path.hasPrefix(place + "/")
            if isAbove, place.utf8.count >= nearest.length { nearest = (place.utf8.count, String(fields[dash + 1])) }
        }
        return nearest.kind
    }

    /// A space, for one, is written as `\040`.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, let code = UInt8(String(digits) ?? "", radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
