import Glibc
import Synchronization

@testable import HTTPServer

/// A server on a thread of the test process, listening on a free port of the loopback.
final class LiveServer: @unchecked Sendable {
    let port: UInt16
    private let listener: CInt
    private let shutdownPipe: (read: CInt, write: CInt)
    private var thread = pthread_t()
    private var isStopped = false
    private let counter = ConnectionCounter()
    private let draining = Flag()

    /// How many connections the server has, when it was made without an observer.
    var openConnections: Int { counter.open.load(ordering: .relaxed) }

    /// Whether the server has begun to drain: then it asks whether it is the last.
    var isDraining: Bool { draining.isSet.load(ordering: .acquiring) }

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    private final class ConnectionCounter: ServerObserver, Sendable {
        let open = Atomic<Int>(0)
        func connectionsChanged(open count: Int) { open.store(count, ordering: .relaxed) }
    }

    struct NoSocket: Error {}

    init(
        _ configuration: ServerConfiguration = ServerConfiguration(),
        observer: (any ServerObserver)? = nil,
        isObserved: Bool = true,
        isLast: @escaping @Sendable () -> Bool = { true },
        sendBuffer: CInt? = nil,
        _ build: (inout Router) -> Void
    ) throws {
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        // Connections inherit it.
        if var size = sendBuffer {
            setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        var ends: [CInt] = [0, 0]
        guard isListening, pipe(&ends) == 0 else { throw NoSocket() }
        port = UInt16(bigEndian: address.sin_port)
        shutdownPipe = (ends[0], ends[1])

        var router = Router()
        build(&router)
        let watching = isObserved ? observer ?? counter : nil
        let server = Server(configuration: configuration, router: router, observer: watching)
        let body = Body(server: server, listener: listener, shutdown: ends[0]) { [draining] in
            draining.isSet.store(true, ordering: .releasing)
            return isLast()
        }
        let argument = Unmanaged.passRetained(body).toOpaque()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                let body = Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue()
                do {
                    try body.server.run(listener: body.listener, shutdown: body.shutdown, isLast: body.isLast)
                } catch {
                    fatalError("\(error)")
                }
                return nil
            },
            argument
        )
        guard result == 0 else { throw NoSocket() }
    }

    private final class Body {
        let server: Server
        let listener: CInt
        let shutdown: CInt
        let isLast: () -> Bool

        init(server: Server, listener: CInt, shutdown: CInt, isLast: @escaping () -> Bool) {
            self.server = server
            self.listener = listener
            self.shutdown = shutdown
            self.isLast = isLast
        }
    }

    func connect() throws -> Client { try Client(port: port) }

    /// Tells the server to drain, or to ask again whether it is the last.
    func drain() {
        var byte: UInt8 = 1
        _ = write(shutdownPipe.write, &byte, 1)
    }

    /// Waits until the server has returned.
    func join() {
        guard !isStopped else { return }
        isStopped = true
        pthread_join(thread, nil)
        close(listener)
        close(shutdownPipe.read)
        close(shutdownPipe.write)
    }

    func stop() {
        drain()
        join()
    }
}

/// A client with a blocking socket that gives up after ten seconds.
final class Client {
    private let descriptor: CInt
    private var buffer: [UInt8] = []
    private var isClosed = false

    struct Response {
        let status: Int
        let fields: [(name: String, value: String)]
        let body: [UInt8]
        let head: String

        var text: String { String(decoding: body, as: UTF8.self) }

        subscript(name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let descriptor = descriptor
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw LiveServer.NoSocket() }
    }

    deinit { close() }

    func close() {
        if !isClosed { _ = Glibc.close(descriptor) }
        isClosed = true
    }

    /// Sends all of it; what the server no longer takes is dropped.
    /// - Returns: Whether it took all.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Waits until the server's kernel has all that was sent: none of it is unacknowledged (SIOCOUTQ, tcp(7)).
    func waitUntilDelivered() {
        var count: CInt = 1
        while ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0, count > 0 { sched_yield() }
    }

    /// Ends the sending side.
    func finishSending() { _ = shutdown(descriptor, CInt(SHUT_WR)) }

    func setReceiveBuffer(_ size: CInt) {
        var size = size
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
    }

    /// One recv(2).
    func receive(_ capacity: Int = 65536) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: capacity)
        let count = recv(descriptor, &bytes, capacity, 0)
        guard count >= 0 else { return nil }
        return Array(bytes.prefix(count))
    }

    /// The next response, or `nil` when the connection ends before it is whole.
    func readResponse(toHead: Bool = false) -> Response? {
        var headEnd: Int?
        while true {
            headEnd = endOfHead()
            if headEnd != nil { break }
            guard let more = receive(), !more.isEmpty else { return nil }
            buffer += more
        }
        let head = String(decoding: buffer[..<headEnd!], as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (name: String(parts[0]), value: String(parts.count > 1 ? parts[1].drop { $0 == " " } : ""))
        }
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        var length = fields.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
        if toHead || status == 204 || status == 304 || status < 200 { length = 0 }
        while buffer.count < headEnd! + length {
            guard let more = receive(), !more.isEmpty else { return nil }
            buffer += more
        }
        let body = Array(buffer[headEnd!..<headEnd! + length])
        buffer.removeFirst(headEnd! + length)
        return Response(status: status, fields: fields, body: body, head: head)
    }

    func get(_ target: String, _ fields: String = "") -> Response? {
        send("GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return readResponse()
    }

    /// Whether there is something to read, or the end.
    var hasAnswer: Bool {
        var byte: UInt8 = 0
        return !buffer.isEmpty || recv(descriptor, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) >= 0
    }

    /// Whether the server has ended the connection, orderly, with nothing left to read.
    func isAtEnd() -> Bool { buffer.isEmpty && receive(1) == [] }

    private func endOfHead() -> Int? {
        guard buffer.count >= 4 else { return nil }
        for index in 0...(buffer.count - 4) where buffer[index] == 13 {
            if buffer[index + 1] == 10, buffer[index + 2] == 13, buffer[index + 3] == 10 { return index + 4 }
        }
        return nil
    }
}
