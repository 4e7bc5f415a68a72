import Linux

/// What was sent to a worker that is gone: its slot's next worker reads it, but nobody has to wait for that one.
extension SupervisorLoop {
    /// How long mail waits that found no room anywhere.
    private static let mailPause = Duration.milliseconds(10)

    /// The slots with a mailbox and without a process.
    var vacantSlots: [Int] {
        let taken = slotsInUse
        return mailboxes.slots.filter { !taken.contains($0) }
    }

    /// The mailboxes to watch: those without a reader, while there is somebody to send on to. A message may come to one long
    /// after its worker has left, from a sibling that saw it ready just before.
    var vacantMailboxes: [Mailbox] {
        if let time = mailNotBefore {
            guard time <= .now else { return [] }
            mailNotBefore = nil
        }
        guard !readers.isEmpty else { return [] }
        return vacantSlots.compactMap { mailboxes[$0] }
    }

    /// The slots whose workers read their mail: those that are ready, or else those that leave. What one that leaves does not
    /// read any more comes back here when it has left.
    private var readers: [Int] {
        // As the slots say, and not as the state does: of workers of a former program that knows no mailboxes they say nothing.
        let slots = children.values.compactMap(\.slot).sorted { $0.connections < $1.connections }
        let ready = slots.filter { $0.phase == .ready }
        return (ready.isEmpty ? slots.filter { $0.phase == .draining } : ready).map(\.index)
    }

    func forwardMail() { forwardMail(to: readers) }

    /// Sends on what waits in vacant slots.
    func forwardMail(to readers: [Int]) {
        let vacant = vacantSlots.filter { !readers.contains($0) }
        for slot in mailboxes.withMail(among: vacant) where !mailboxes.forward(from: slot, to: readers) {
            mailNotBefore = .now + Self.mailPause
        }
    }
}
