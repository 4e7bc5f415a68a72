import Glibc

/// The kernel's table of TCP sockets (/proc/net/tcp, /proc/net/tcp6), read for handshakes that are not finished.
enum HandshakeTable {
    /// How many handshakes to a local port the kernel has answered but not finished.
    static func unfinished(on port: UInt16) -> Int {
        ["/proc/net/tcp", "/proc/net/tcp6"].reduce(0) { count, path in
            count + (SystemFile.read(path).map { unfinished(on: port, table: $0) } ?? 0)
        }
    }

    /// The same from a table's text: a line has number, local and remote address with a hexadecimal port, and state,
    /// which is 03 (SYN_RECV) for such a socket.
    static func unfinished(on port: UInt16, table: String) -> Int {
        table.split(separator: "\n").dropFirst().count { line in
            let columns = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: true)
            guard columns.count > 3, columns[3] == "03", let colon = columns[1].lastIndex(of: ":") else { return false }
            return UInt16(columns[1][columns[1].index(after: colon)...], radix: 16) == port
        }
    }
}
