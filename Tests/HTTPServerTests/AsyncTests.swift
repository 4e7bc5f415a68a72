import HTTPTypes
import Linux
import Testing

@testable import HTTPServer

@Suite("An asynchronous call from a handler")
struct AsyncTests {
    /// No watch goes off: whoever waits gives the loop away by itself.
    private static let configuration: ServerConfiguration = {
        var configuration = ServerConfiguration()
        configuration.handlerPatience = .seconds(600)
        configuration.requestTimeout = .seconds(600)
        return configuration
    }()

    /// Runs a test on a thread of its own: one that waits on Swift's threads holds up the tasks that it waits for.
    private static func aside(_ test: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (end: CheckedContinuation<Void, any Error>) in
            do {
                try Thread.start { end.resume(with: Result(catching: test)) }.detach()
            } catch {
                end.resume(throwing: error)
            }
        }
    }

    /// A value that a task waits for and a test gives.
    private actor Gate {
        private var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func pass() async {
            guard !isOpen else { return }
            await withCheckedContinuation { waiting.append($0) }
        }

        func open() {
            isOpen = true
            for continuation in waiting { continuation.resume() }
            waiting = []
        }
    }

    private struct Refused: Error {}

    @Test("gives its result to the handler, and its error")
    func result() async throws {
        try await Self.aside {
            let server = try LiveServer(Self.configuration) { router in
                router.get("/sum") { request in
                    let numbers = try request.wait {
                        async let one = 1
                        async let two = 2
                        return await one + two
                    }
                    return .text("\(numbers)")
                }
                router.get("/refused") { request in
                    try request.wait { throw Problem(.conflict, detail: "Taken.") }
                    return .noContent
                }
                router.get("/failed") { request in
                    do { try request.wait { throw Refused() } } catch is Refused { return .text("refused") }
                    return .noContent
                }
            }
            defer { server.stop() }
            let client = try server.connect()
            for _ in 0..<3 {
                #expect(client.get("/sum")?.text == "3")
                #expect(client.get("/refused")?.status == 409)
                #expect(client.get("/failed")?.text == "refused")
            }
        }
    }

    @Test("holds nobody up while it lasts")
    func waits() async throws {
        try await Self.aside {
            let (gate, isThere) = (Gate(), Semaphore())
            let server = try LiveServer(Self.configuration) { router in
                router.get("/wait") { request in
                    try request.wait {
                        isThere.signal()
                        await gate.pass()
                    }
                    return .text("waited")
                }
                router.get("/open") { request in
                    try request.wait { await gate.open() }
                    return .noContent
                }
                router.get("/quick") { _ in .text("quick") }
            }
            defer { server.stop() }
            let (slow, quick) = (try server.connect(), try server.connect())
            slow.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            isThere.wait()
            for _ in 0..<10 { #expect(quick.get("/quick")?.text == "quick") }
            #expect(quick.get("/open")?.status == 204)
            #expect(slow.readResponse()?.text == "waited")
        }
    }

    @Test("ends at the request's deadline with 504, and its task is cancelled")
    func deadline() async throws {
        try await Self.aside {
            let isCancelled = Semaphore()
            let server = try LiveServer(Self.configuration) { router in
                router.get("/long", timeout: .milliseconds(50)) { request in
                    try request.wait {
                        do { try await Task.sleep(for: .seconds(600)) } catch { isCancelled.signal() }
                    }
                    return .noContent
                }
                // What has its result before the deadline has it, however often it is asked.
                router.get("/short", timeout: .seconds(600)) { request in .text(try request.wait { "there" }) }
            }
            defer { server.stop() }
            let client = try server.connect()
            let answer = try #require(client.get("/long"))
            #expect(answer.status == 504)
            #expect(answer.text.contains("took too long"))
            isCancelled.wait()
            #expect(client.get("/short")?.text == "there")
        }
    }
}
