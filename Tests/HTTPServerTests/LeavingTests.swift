import Glibc
import Linux
import Testing

@testable import HTTPServer

/// One other server, which has room for everybody, and what it was sent.
private final class OneSibling: Siblings {
    private let event: EventFD
    private(set) var kinds: [UInt8] = []

    init() throws { event = try EventFD() }

    var mailbox: CInt { event.rawValue }
    func publish(_ load: ServerLoad) {}
    func forEach(_ body: (Int, ServerLoad) -> Void) { body(0, ServerLoad(freeThreads: 16)) }
    func underway(to sibling: Int) -> Int { 0 }

    func send(_ message: RawSpan, _ descriptor: CInt?, to sibling: Int) -> Bool {
        if descriptor != nil { kinds.append(message.unsafeLoad(as: UInt8.self)) }
        return true
    }
}

@Suite("A server that leaves while siblings serve on")
struct LeavingTests {
    @Test("passes on who waits to be let in: the kernel has woken it for them, and does not wake another")
    func pendingClients() throws {
        let listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // In the abstract namespace, under a name of the kernel's choice (unix(7), autobind).
        var length = socklen_t(MemoryLayout<sa_family_t>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try #require(bind(listener, address, length) == 0 && listen(listener, 16) == 0)
                length = socklen_t(MemoryLayout<sockaddr_un>.size)
                try #require(getsockname(listener, address, &length) == 0)
            }
        }
        let (sibling, shutdown, configuration) = (try OneSibling(), try EventFD(), ServerConfiguration())
        var loop = try EventLoop(
            configuration: configuration,
            dispatcher: Dispatcher(routes: RouteTable(Router(), configuration)),
            observer: nil,
            listener: listener,
            shutdown: shutdown.rawValue,
            isLast: { false },
            siblings: sibling
        )
        var clients: [CInt] = []
        defer { for client in clients { close(client) } }
        for _ in 0..<6 {
            let client = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            clients.append(client)
            try withUnsafePointer(to: &address) { pointer in
                try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    try #require(connect(client, $0, length) == 0)
                }
            }
        }
        shutdown.signal()
        let turn = loop.next()
        #expect(turn == nil, "it has left")
        #expect(sibling.kinds.count == 6, "and its sibling has all of them")
    }
}
