import Linux

/// The mailboxes of all slots, made before the first fork: a worker knows those that are older than itself.
final class Mailboxes {
    private var bySlot: [Int: Mailbox] = [:]
    private var reader = MessageReader()

    /// - Parameter mailboxes: those that exist already, such as a former program's.
    init(_ mailboxes: [Int: Mailbox] = [:]) { bySlot = mailboxes }

    subscript(slot: Int) -> Mailbox? { bySlot[slot] }

    /// The slots that have one, in order.
    var slots: [Int] { bySlot.keys.sorted() }

    /// Makes those of the first slots that have none. Where the system grants no more descriptors workers get on without.
    func make(upTo count: Int) {
        for slot in 0..<min(count, Scoreboard.capacity) where bySlot[slot] == nil {
            guard let mailbox = try? Mailbox() else { return }
            bySlot[slot] = mailbox
        }
    }

    /// In a new worker: only the ends that the worker in this slot needs stay open. It keeps the sending end of its own too, so
    /// that its mailbox has no end, which would have to be dealt with, when everybody else is gone.
    /// - Returns: The sending ends by slot; -1 where there is none.
    func becomeWorker(in slot: Int) -> [CInt] {
        var senders = [CInt](repeating: -1, count: (bySlot.keys.max() ?? -1) + 1)
        for (index, mailbox) in bySlot {
            if index != slot { mailbox.closeReceiver() }
            senders[index] = mailbox.sender
            mailbox.keepOpen()
        }
        return senders
    }

    // MARK: - Mail that nobody reads

    /// Those of some slots in which something waits.
    func withMail(among slots: [Int]) -> [Int] {
        var poll = Poll()
        let watched = slots.filter { bySlot[$0] != nil }
        for slot in watched { bySlot[slot].map { _ = poll.add($0.receiver, .read) } }
        poll.wait(atMost: .zero)
        return watched.indices.filter { poll.isReady($0) }.map { watched[$0] }
    }

    /// Sends on what waits in a slot's mailbox, in turn to the workers of other slots. Only what came with a descriptor: the
    /// rest was news for a worker that is gone.
    /// - Returns: Whether all went. What found no room waits where it was.
    func forward(from slot: Int, to others: [Int]) -> Bool {
        guard let mailbox = bySlot[slot] else { return true }
        let targets = others.filter { $0 != slot }.compactMap { bySlot[$0] }
        var turn = 0
        while !targets.isEmpty, let message = reader.receive(on: mailbox.receiver) {
            guard let descriptor = message.descriptor else { continue }
            let bytes = message.bytes
            var isSent = false
            for _ in targets where !isSent {
                turn += 1
                let target = targets[turn % targets.count].sender
                isSent = unsafe MessageSocket.send(bytes.span.bytes, descriptor, on: target)
            }
            if !isSent {
                _ = unsafe MessageSocket.send(bytes.span.bytes, descriptor, on: mailbox.sender)
                return false
            }
        }
        return !targets.isEmpty
    }
}
