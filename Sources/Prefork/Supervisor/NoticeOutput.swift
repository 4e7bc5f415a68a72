/// Where a ``Supervisor``'s notices go.
///
/// The supervisor has one thread and must never wait for a reader: an output that finds no room keeps the notice and says
/// so by ``blockedDescriptor``. All calls come on the supervisor's thread; none may start another one.
public protocol NoticeOutput: AnyObject {
    /// Writes a notice, or keeps it until it can be written.
    func write(_ notice: Notice)

    /// What the supervisor should watch until it can be written to, to call ``flush()`` then. `nil` when nothing is kept.
    var blockedDescriptor: CInt? { get }

    /// Writes what can be written of what was kept.
    func flush()

    /// What is kept, as lines of text, for the program that takes over from this one.
    var keptLines: [String] { get }

    /// Writes what the program kept that this one took over from.
    func writeKept(_ lines: [String])
}

/// Notices of a preflight, which must not be mistaken for the service's own.
final class PreflightOutput: NoticeOutput {
    private let output: any NoticeOutput

    init(_ output: any NoticeOutput) { self.output = output }

    func write(_ notice: Notice) {
        output.write(Notice(notice.level, "preflight: " + notice.message, notice.fields))
    }

    var blockedDescriptor: CInt? { output.blockedDescriptor }
    func flush() { output.flush() }
    var keptLines: [String] { output.keptLines }
    func writeKept(_ lines: [String]) { output.writeKept(lines) }
}
