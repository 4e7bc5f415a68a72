import Glibc
import HTTPTypes
import Linux
import Synchronization
import Testing

@testable import HTTPServer

/// A loop that the test itself asks for requests and gives the answers.
private struct Engine: ~Copyable {
    var loop: EventLoop
    var answerer: RequestAnswerer
    private let shutdown: EventFD

    init(observer: (any ServerObserver)? = nil, _ build: (inout Router) -> Void) throws {
        var router = Router()
        build(&router)
        let configuration = ServerConfiguration()
        let dispatcher = Dispatcher(routes: RouteTable(router, configuration))
        let shutdown = try EventFD()
        let loop = try EventLoop(
            configuration: configuration,
            dispatcher: dispatcher,
            observer: observer,
            listener: nil,
            shutdown: shutdown.rawValue,
            isLast: { true }
        )
        self.loop = loop
        self.shutdown = shutdown
        answerer = RequestAnswerer(dispatcher, observer: observer)
    }

    /// A client's end of a connection.
    mutating func connect() -> Peer {
        var ends: [CInt] = [0, 0]
        precondition(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        loop.open(Acceptor.Client(descriptor: FileDescriptor(owning: ends[1]), peer: .unix))
        return Peer(FileDescriptor(owning: ends[0]))
    }

    /// The next request.
    mutating func next() throws -> Turn {
        let turn = loop.next()
        return try #require(turn)
    }

    mutating func answer(_ turn: Turn) {
        answerer.begin(turn, now: loop.clock.now, wokeAt: loop.clock.wokeAt)
        let response = answerer.answer(turn)
        loop.complete(turn, with: response)
    }

    func drain() { shutdown.signal() }
}

/// The client's end of a connection.
private final class Peer {
    private let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    func ask(_ path: String) {
        let bytes = Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        precondition(send(descriptor.rawValue, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
    }

    /// What is there to be read: empty at the end of the connection, `nil` when there is nothing.
    func answer() -> String? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor.rawValue, &bytes, bytes.count, CInt(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

@Suite("The loop")
struct EventLoopTests {
    private func engine(observer: (any ServerObserver)? = nil) throws -> Engine {
        try Engine(observer: observer) { router in
            router.get("/{name}") { request in .text(request.parameters["name"] ?? "") }
        }
    }

    @Test("gives out requests while others are in handlers' hands, and takes the answers in any order")
    func manyInHand() throws {
        var engine = try engine()
        let (first, second, third) = (engine.connect(), engine.connect(), engine.connect())
        first.ask("/first")
        let one = try engine.next()
        // Two more wakes while the first is not answered: neither may take the memory of a request in somebody's hands.
        second.ask("/second")
        let two = try engine.next()
        third.ask("/third")
        let three = try engine.next()
        #expect([one, two, three].map { $0.request?.path } == ["/first", "/second", "/third"])
        engine.answer(two)
        #expect(first.answer() == nil)
        #expect(second.answer()?.hasSuffix("\r\n\r\nsecond") == true)
        engine.answer(three)
        engine.answer(one)
        #expect(third.answer()?.hasSuffix("\r\n\r\nthird") == true)
        #expect(first.answer()?.hasSuffix("\r\n\r\nfirst") == true)
        // All go on as if nothing had been.
        first.ask("/again")
        engine.answer(try engine.next())
        #expect(first.answer()?.hasSuffix("again") == true)
    }

    @Test("sends the answers of one turn together, each when it is its turn")
    func pipelined() throws {
        var engine = try engine()
        let (client, other) = (engine.connect(), engine.connect())
        client.ask("/one")
        client.ask("/two")
        let turn = try engine.next()
        other.ask("/other")
        let otherTurn = try engine.next()
        engine.answer(turn)
        #expect(client.answer() == nil)
        engine.answer(otherTurn)
        #expect(other.answer()?.hasSuffix("other") == true)
        engine.answer(try engine.next())
        let text = try #require(client.answer())
        #expect(text.contains("\r\n\r\none"))
        #expect(text.hasSuffix("\r\n\r\ntwo"))
    }

    private final class Seen: ServerObserver, Sendable {
        let paths = Mutex<[String]>([])
        let open = Atomic(0)
        func requestEnded(_ exchange: Exchange) { paths.withLock { $0.append(exchange.rawPath) } }
        func connectionsChanged(open count: Int) { open.store(count, ordering: .relaxed) }
    }

    @Test("takes an answer also when its connection is gone, and reports it")
    func late() throws {
        let seen = Seen()
        var engine = try engine(observer: seen)
        let client = engine.connect()
        client.ask("/late")
        let turn = try engine.next()
        engine.loop.close(turn.connection)
        #expect(seen.open.load(ordering: .relaxed) == 0)
        engine.answer(turn)
        #expect(client.answer() == "")
        #expect(seen.paths.withLock { $0 } == ["/late"])
        let other = engine.connect()
        other.ask("/next")
        engine.answer(try engine.next())
        #expect(other.answer()?.hasSuffix("next") == true)
    }

    @Test("says in an answer that comes while it drains that it is the last")
    func draining() throws {
        var engine = try engine()
        let (first, second) = (engine.connect(), engine.connect())
        first.ask("/first")
        let turn = try engine.next()
        engine.drain()
        second.ask("/second")
        engine.answer(try engine.next())
        engine.answer(turn)
        #expect(first.answer()?.contains("Connection: close") == true)
    }
}

@Suite("Records of requests")
struct RecordPoolTests {
    @Test("are used again, but not those that somebody has kept")
    func reuse() throws {
        var pool = RecordPool(ServerContext(routes: RouteTable(), trustedProxies: []))
        let batch = ReadBatch()
        let client = Acceptor.Client(descriptor: try FileDescriptor.open("/dev/null", O_RDONLY), peer: .unix)
        let turn = Turn(Connection(client), 3..<4, in: InputBlock(capacity: 16))
        let isBack = pool.takeBack(pool.take(for: turn), parkedIn: batch)
        #expect(isBack)
        turn.unread = 7..<8
        let kept = pool.take(for: turn)
        #expect(kept.origin == 7)
        #expect(kept.input === turn.block)
        let isKeptBack = pool.takeBack(kept, parkedIn: batch)
        #expect(!isKeptBack)
        #expect(pool.take(for: turn) !== kept)
    }

    @Test("come back with the memory that all share, not with that of a large body")
    func parked() throws {
        var pool = RecordPool(ServerContext(routes: RouteTable(), trustedProxies: []))
        let batch = ReadBatch()
        let client = Acceptor.Client(descriptor: try FileDescriptor.open("/dev/null", O_RDONLY), peer: .unix)
        var block: InputBlock? = InputBlock(capacity: 16)
        weak var left: InputBlock?
        left = block
        var turn: Turn? = Turn(Connection(client), 0..<1, in: try #require(block))
        block = nil
        let isBack = pool.takeBack(pool.take(for: try #require(turn)), parkedIn: batch)
        #expect(isBack)
        turn = nil
        #expect(left == nil)
    }
}

@Suite("A batch")
struct ReadBatchTests {
    @Test("that has nothing goes on in another block when somebody keeps the one before")
    func replacedBlock() throws {
        var batch = ReadBatch()
        let client = Acceptor.Client(descriptor: try FileDescriptor.open("/dev/null", O_RDONLY), peer: .unix)
        let kept = batch.block
        batch.replaceBlock()
        #expect(batch.block !== kept)
        #expect(batch.entriesBlock === batch.block)
        // Of what is no socket nothing comes, but it may be asked.
        let count = batch.receive(from: Connection(client))
        #expect(count < 0)
        #expect(batch.count == 0)
    }
}

@Suite("The queue of turns")
struct TurnQueueTests {
    private func connection() throws -> Connection {
        Connection(Acceptor.Client(descriptor: try FileDescriptor.open("/dev/null", O_RDONLY), peer: .unix))
    }

    @Test("gives each one turn in a round, and another one in the next")
    func rounds() throws {
        let (first, second) = (try connection(), try connection())
        var queue = TurnQueue()
        func expectNext(_ expected: Connection?) {
            let next = queue.next()
            #expect(next === expected)
        }
        queue.append(first)
        queue.append(second)
        expectNext(nil)
        queue.beginRound()
        expectNext(first)
        queue.append(first)
        expectNext(second)
        expectNext(nil)
        #expect(!queue.isEmpty)
        queue.beginRound()
        expectNext(first)
        expectNext(nil)
        #expect(queue.isEmpty)
    }
}

@Suite("A drain")
struct DrainTimesTests {
    @Test("waits longer for silent connections when others serve on, and never beyond its deadline")
    func silence() {
        let isLast = Atomic(true)
        var configuration = ServerConfiguration()
        configuration.drainGrace = .nanoseconds(30)
        configuration.unhurriedDrainGrace = .nanoseconds(200)
        configuration.drainTimeout = .nanoseconds(1000)
        func drain() -> Drain {
            Drain(configuration, shutdown: -1, isLast: { isLast.load(ordering: .relaxed) })
        }
        #expect(drain().silence() == 30)
        isLast.store(false, ordering: .relaxed)
        #expect(drain().silence() == 200)
        configuration.drainTimeout = .nanoseconds(100)
        #expect(drain().silence() == 50)
    }

    @Test("accepts until its grace is over, and cuts what is left at its deadline")
    func ends() {
        var configuration = ServerConfiguration()
        configuration.drainGrace = .nanoseconds(30)
        configuration.drainTimeout = .nanoseconds(1000)
        var drain = Drain(configuration, shutdown: -1, isLast: { true })
        #expect(!drain.isDraining)
        #expect(drain.nextEnd(isAccepting: true) == nil)
        drain.begin(at: 5)
        #expect(drain.isDraining)
        #expect(drain.nextEnd(isAccepting: true) == 35)
        #expect(drain.nextEnd(isAccepting: false) == 1005)
        #expect(!drain.isGraceOver(at: 34))
        #expect(drain.isGraceOver(at: 35))
        #expect(!drain.isOver(at: 1004))
        #expect(drain.isOver(at: 1005))
    }
}

@Suite("The acceptor")
struct AcceptorTests {
    /// An acceptor of a listener that nobody connects to.
    private struct Lone: ~Copyable {
        let listener: FileDescriptor
        let epoll: Epoll
        var acceptor: Acceptor

        init() throws {
            let listener = try FileDescriptor.streamSocket(family: AF_INET)
            try listener.listen(backlog: 8)
            let epoll = try Epoll()
            acceptor = try Acceptor(listener.rawValue, observer: nil, watchedBy: epoll)
            self.listener = listener
            self.epoll = epoll
        }

        mutating func hasNobody() -> Bool {
            switch acceptor.accept(now: 0, epoll) {
            case .nobody: true
            default: false
            }
        }

        mutating func resume(now: Int64 = 0) -> Bool {
            acceptor.resume(now: now, epoll)
            return acceptor.isAccepting
        }
    }

    @Test("lets nobody in when told, and looks again when there is room, until it is over")
    func accepting() throws {
        var lone = try Lone()
        let hasNobody = lone.hasNobody()
        #expect(hasNobody)
        let isAccepting = lone.acceptor.isAccepting
        #expect(isAccepting)
        lone.acceptor.stopWatching(lone.epoll)
        let isStopped = !lone.acceptor.isAccepting
        #expect(isStopped)
        let isResumed = lone.resume()
        #expect(isResumed)
        lone.acceptor.finish(lone.epoll)
        let isResumedAtTheEnd = lone.resume()
        #expect(!isResumedAtTheEnd)
    }

    @Test("pauses when the system has no room for another client, for a tenth of a second")
    func pausing() throws {
        var lone = try Lone()
        // A sibling was quicker than the reserve.
        let client = lone.acceptor.acceptOnReserve()
        let hasClient = client != nil
        #expect(!hasClient)
        let hasMore = lone.acceptor.renewReserve(hasAccepted: hasClient, now: 7, lone.epoll)
        #expect(!hasMore)
        let resumption = lone.acceptor.resumption
        #expect(resumption == 100_000_007)
        // Room for connections does not end it.
        let isEarly = lone.resume(now: 8)
        #expect(!isEarly)
        let isOver = [100_000_006, 100_000_007].map { lone.acceptor.endPause(now: $0) }
        #expect(isOver == [false, true])
        let isResumed = lone.resume(now: 100_000_007)
        #expect(isResumed)
    }
}
