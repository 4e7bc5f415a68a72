import Linux

/// What was sent to a worker that is gone: its slot's next worker reads it, but nobody has to wait for that one.
extension SupervisorLoop {
    /// How long mail waits that found no room anywhere.
    private static let mailPause = Duration.milliseconds(10)

    /// The slots with a mailbox that nobody reads: without a worker, or with one that still boots.
    var unreadSlots: [Int] {
        mailboxes.slots.filter { index in
            let slot = scoreboard.slot(index)
            return switch slot.phase {
            case .vacant: true
            // Without a process id it is a worker of a former program, whose scoreboard this one cannot read.
            case .booting: slot.pid != 0
            case .ready, .draining: false
            }
        }
    }

    /// The mailboxes to watch: those that nobody reads, while there is somebody to send on to. A message may come to one long after
    /// its worker has left, from a sibling that saw it ready just before.
    var unreadMailboxes: [Mailbox] {
        if let time = mailNotBefore {
            guard time <= .now else { return [] }
            mailNotBefore = nil
        }
        guard !readers.isEmpty else { return [] }
        return unreadSlots.compactMap { mailboxes[$0] }
    }

    /// The slots whose workers read their mail: those that are ready, or else those that leave. What one that leaves does not
    /// read any more comes back here when it has left.
    private var readers: [Int] {
        // As the slots say, and not as the state does: of workers of a former program that knows no mailboxes they say nothing.
        let slots = children.values.compactMap(\.slot).filter { !Scoreboard.companionSlots.contains($0.index) }
            .sorted { $0.connections < $1.connections }
        let ready = slots.filter { $0.phase == .ready }
        return (ready.isEmpty ? slots.filter { $0.phase == .draining } : ready).map(\.index)
    }

    func forwardMail() { forwardMail(to: readers) }

    /// Sends on what waits where nobody reads it.
    func forwardMail(to readers: [Int]) {
        let unread = unreadSlots.filter { !readers.contains($0) }
        for slot in mailboxes.withMail(among: unread) where !mailboxes.forward(from: slot, to: readers) {
            mailNotBefore = .now + Self.mailPause
        }
    }
}
