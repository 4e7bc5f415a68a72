import CLinux

/// Gives the kernel back what a crowd of connections has used when most of it has left. The C library keeps freed memory
/// for what comes next, but what comes next is seldom another crowd.
struct HeapTrimmer {
    /// A crowd is this many; what fewer leave behind is not worth the milliseconds of looking for it.
    private static let leastCrowd = 1024

    private var most = 0

    /// - Parameter open: The number of connections now.
    @inline(__always)
    mutating func update(open: Int) {
        if open > most { most = open }
        if open < most / 4 { release(open: open) }
    }

    private mutating func release(open: Int) {
        if most >= Self.leastCrowd { clinux_release_free_memory() }
        most = open
    }
}
