import Glibc
import Linux
import Testing

@Suite("Waiting for events")
struct WaitingTests {
    @Test("an event is seen by who waits for it until it is cleared, however often it was signalled")
    func eventFD() throws {
        let event = try EventFD()
        let epoll = try Epoll()
        let isWatched = epoll.add(event.rawValue, .read)
        var seen = [epoll.wait(timeout: 0)]
        event.signal()
        event.signal()
        seen += [epoll.wait(timeout: -1), epoll.wait(timeout: 0)]
        let isTheEvent = epoll.ready(0) == event.rawValue
        event.clear()
        seen.append(epoll.wait(timeout: 0))
        #expect(isWatched && isTheEvent)
        #expect(seen == [0, 1, 1, 0])
    }

    @Test("who asks for edges is told once, and who is removed is told nothing")
    func edges() throws {
        let event = try EventFD()
        let epoll = try Epoll()
        epoll.add(event.rawValue, .readEdge)
        event.signal()
        var seen = [epoll.wait(timeout: -1), epoll.wait(timeout: 0)]
        epoll.modify(event.rawValue, .read)
        seen.append(epoll.wait(timeout: 0))
        epoll.remove(event.rawValue)
        seen.append(epoll.wait(timeout: 0))
        #expect(seen == [1, 0, 1, 0])
    }

    @Test("a signal has a name, and so has a number that is none")
    func names() {
        #expect(SignalName.of(SIGTERM) == "SIGTERM")
        #expect(SignalName.of(200) == "signal 200")
    }
}
