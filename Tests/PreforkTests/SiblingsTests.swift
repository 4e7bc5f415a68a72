import Glibc
import Linux
import Testing

@testable import Prefork

@Suite("Siblings")
struct SiblingsTests {
    /// Slots with ready workers, as the worker in one of them sees them.
    private func family(_ count: Int, seenFrom own: Int = 0) throws -> (Scoreboard, Mailboxes, Siblings) {
        let board = try Scoreboard(lanes: 17)
        let mailboxes = Mailboxes()
        mailboxes.make(upTo: count)
        for index in 0..<count {
            board.slot(index).prepare(number: index + 1, generation: 1)
            board.slot(index).becomeReady()
        }
        board.slotsInUse = count
        // As after a fork: what the worker closes stays open for the supervisor.
        let copies = mailboxes.slots.map { slot in
            (slot, Mailbox(sender: dup(mailboxes[slot]!.sender), receiver: dup(mailboxes[slot]!.receiver)))
        }
        let inherited = Mailboxes(Dictionary(uniqueKeysWithValues: copies))
        return (board, mailboxes, Siblings(of: board.slot(own), on: board, inherited))
    }

    private func send(_ message: [UInt8], _ descriptor: CInt? = nil, to mailbox: Mailbox?) -> Bool {
        mailbox.map { MessageSocket.send(message.span.bytes, descriptor, on: $0.sender) } ?? false
    }

    private func send(_ siblings: Siblings, to slot: Int) -> Bool {
        let message: [UInt8] = [1]
        return siblings.send(message.span.bytes, to: slot)
    }

    private func seen(_ siblings: Siblings) -> [Sibling] {
        var all: [Sibling] = []
        siblings.forEach { all.append($0) }
        return all
    }

    @Test("a worker sees what its ready siblings published last, and not itself")
    func loads() throws {
        let (board, _, siblings) = try family(3, seenFrom: 1)
        siblings.publish(connections: 99, freeThreads: 99, waiting: 99)
        board.slot(2).setConnections(7)
        board.slot(2).setFreeThreads(3)
        board.slot(2).setWaiting(5)
        #expect(
            seen(siblings) == [
                // It has said nothing yet, so it has no room.
                Sibling(slot: 0, connections: 0, freeThreads: 0, waiting: 0),
                Sibling(slot: 2, connections: 7, freeThreads: 3, waiting: 5),
            ]
        )
        #expect(board.slot(0).freeThreads == nil && board.slot(2).freeThreads == 3)
        #expect(board.slot(1).connections == 99 && board.slot(1).freeThreads == 99 && board.slot(1).waiting == 99)
        // The next worker in a slot starts with nothing.
        board.slot(2).prepare(number: 3, generation: 2)
        board.slot(2).becomeReady()
        #expect(seen(siblings)[1] == Sibling(slot: 2, connections: 0, freeThreads: 0, waiting: 0))
    }

    @Test("workers that boot, leave or are gone are no siblings, nor those whose mailbox is younger than the worker")
    func unready() throws {
        let (board, mailboxes, siblings) = try family(5)
        board.slot(1).prepare(number: 2, generation: 2)
        board.slot(2).beginDraining()
        board.slot(3).vacate()
        board.slot(5).prepare(number: 6, generation: 1)
        board.slot(5).becomeReady()
        board.slotsInUse = 6
        #expect(seen(siblings).map(\.slot) == [4])
        #expect(!send(siblings, to: 5))
        #expect(!send(siblings, to: -1))
        #expect(send(siblings, to: 4))
        #expect(mailboxes.withMail(among: mailboxes.slots) == [4])
    }

    @Test("the supervisor sees which of a worker's requests is to be over first, and what the worker says of itself")
    func observation() throws {
        let (board, _, _) = try family(1)
        let slot = board.slot(0)
        slot.claim(pid: getpid())
        for (lane, deadline) in [(3, 90), (7, 50), (16, 70)] as [(Int, Int64)] {
            let (text, start) = (Array("x".utf8), MonotonicInstant(nanoseconds: 100 - deadline))
            let end = MonotonicInstant(nanoseconds: deadline)
            let span = text.span.bytes
            slot.lane(lane).begin(span, span, id: span, startedAt: start, deadline: end)
        }
        slot.setFreeThreads(13)
        slot.setWaiting(2)
        slot.setRunning(3)
        let seen = try #require(Child(pid: getpid(), slot: slot).observation(memory: false))
        #expect(seen.deadline?.nanoseconds == 50 && seen.busySince?.nanoseconds == 10)
        #expect(
            seen.lanes == 17 && seen.freeLanes == 14 && seen.freeThreads == 13 && seen.waiting == 2 && seen.running == 3
        )
        let exit = WorkerExit(.killed(signal: 6), isOutOfMemory: false, slot: slot)
        #expect(exit.lanes.compactMap(\.request?.deadline?.nanoseconds) == [90, 50, 70])
    }

    @Test(
        "only the ends that a worker needs stay open in it: all sending ends, and the receiving end of its own mailbox"
    )
    func ends() throws {
        let mailboxes = Mailboxes()
        mailboxes.make(upTo: 4)
        // Numbers of closed descriptors are given out again by other tests at once, so the files are compared.
        let receivers = (0..<4).map { inode(mailboxes[$0]!.receiver) }
        let senders = (0..<4).map { inode(mailboxes[$0]!.sender) }
        let numbers = (0..<4).map { mailboxes[$0]!.receiver }
        let kept = mailboxes.becomeWorker(in: 2)
        #expect(kept.map(inode) == senders)
        #expect((0..<4).filter { inode(numbers[$0]) == receivers[$0] } == [2])
    }

    private func inode(_ descriptor: CInt) -> UInt {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_ino : 0
    }

    @Test("mail of a slot without a worker goes to others in turn, with its descriptors; news without one is dropped")
    func forward() throws {
        let mailboxes = Mailboxes()
        mailboxes.make(upTo: 3)
        let file = try FileDescriptor.inMemory("connection")
        for index in 0..<4 {
            let isSent = send([UInt8(index)], file.rawValue, to: mailboxes[0]) && send([UInt8(index)], to: mailboxes[0])
            #expect(isSent)
        }
        #expect(mailboxes.withMail(among: [0, 1, 2]) == [0])
        #expect(mailboxes.forward(from: 0, to: [1, 2]))
        #expect(mailboxes.withMail(among: [0, 1, 2]) == [1, 2])
        var reader = MessageReader()
        var received: [[UInt8]] = [[], []]
        for slot in 1...2 {
            while let message = reader.receive(on: mailboxes[slot]!.receiver) {
                guard message.descriptor != nil else { continue }
                received[slot - 1] += message.bytes
            }
        }
        #expect(received.map { $0.sorted() }.sorted { $0[0] < $1[0] } == [[0, 2], [1, 3]])
    }

    @Test("mail that finds no room anywhere waits where it was")
    func noRoom() throws {
        let mailboxes = Mailboxes()
        mailboxes.make(upTo: 2)
        let file = try FileDescriptor.inMemory("connection")
        let (message, filler): ([UInt8], [UInt8]) = ([7], [UInt8](repeating: 0, count: 60_000))
        while send(filler, to: mailboxes[1]) {}
        while send(message, to: mailboxes[1]) {}
        let isSent = send(message, file.rawValue, to: mailboxes[0])
        #expect(isSent)
        #expect(!mailboxes.forward(from: 0, to: [1]))
        #expect(mailboxes.withMail(among: [0]) == [0])
        // Nobody to send to is no reason to take it out.
        #expect(!mailboxes.forward(from: 0, to: []))
        #expect(!mailboxes.forward(from: 0, to: [0]))
        var reader = MessageReader()
        while reader.receive(on: mailboxes[1]!.receiver) != nil {}
        #expect(mailboxes.forward(from: 0, to: [1]))
        var bytes: [UInt8] = []
        if let message = reader.receive(on: mailboxes[1]!.receiver) { bytes = message.bytes }
        #expect(bytes == message)
    }
}
