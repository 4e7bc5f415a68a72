import Glibc
import Linux

/// Reads what siblings have sent, as long as there are descriptors for the connections among it: where there is none, the
/// kernel would drop the connection, and its client would see it reset (unix(7), SCM_RIGHTS).
struct MailReader: ~Copyable {
    private var reader = MessageReader()
    /// Kept open, so that it can be closed to make room.
    private var reserve: FileDescriptor?
    /// Whether there may be no descriptor for what is in the mailbox.
    private(set) var isShort = false

    init() { renewReserve() }

    /// The next message; `nil` when there is none, or no descriptor for it.
    mutating func next(in mailbox: CInt) -> Message? {
        guard !isShort, MessageSocket.hasMessage(on: mailbox) else { return nil }
        reserve = nil
        let message = reader.receive(on: mailbox)
        renewReserve()
        return message
    }

    /// Sees whether there are descriptors.
    mutating func renewReserve() {
        if reserve == nil { reserve = try? FileDescriptor.open("/dev/null", O_RDONLY) }
        // To look through an optional would take the descriptor out of it.
        let hasReserve = reserve != nil
        isShort = !hasReserve
    }
}
