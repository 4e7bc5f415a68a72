import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("A service manager")
    struct ServiceManagerTests {
        private func service(
            _ socket: NotifySocket,
            _ variables: [String: String] = [:],
            in directory: TemporaryDirectory,
            launcher: [String] = []
        ) throws -> Service {
            try Service(
                workers: 2,
                environment: ["NOTIFY_SOCKET": socket.path].merging(variables) { $1 },
                in: directory,
                launcher: launcher
            )
        }

        @Test("hears that the service is ready, renews its workers, is ready again, and stops")
        func rolled() throws {
            let directory = try TemporaryDirectory()
            let socket = try NotifySocket(in: directory)
            let service = try service(socket, in: directory)
            #expect(socket.next() == "READY=1\nSTATUS=2 workers are ready")
            #expect(socket.isSilent)
            service.signal(SIGHUP)
            let reloading = try #require(socket.next())
            #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
            #expect(socket.next()?.hasPrefix("READY=1\n") == true)
            service.stop()
            #expect(socket.next()?.hasPrefix("STOPPING=1\n") == true)
            #expect(socket.isSilent)
        }

        @Test("hears of a program that takes over, in the process it knows, and that it is ready")
        func upgraded() throws {
            let directory = try TemporaryDirectory()
            let socket = try NotifySocket(in: directory)
            let service = try service(socket, in: directory)
            #expect(socket.states(until: "READY=1") == ["READY=1"])
            service.signal(SIGUSR2)
            let reloading = try #require(socket.next())
            #expect(reloading.hasPrefix("RELOADING=1\n"))
            #expect(reloading.hasSuffix("\nMAINPID=\(service.supervisor)"))
            #expect(socket.states(until: "READY=1").suffix(1) == ["READY=1"])
            service.stop()
            #expect(socket.states(until: "STOPPING=1") == ["STOPPING=1"])
            #expect(socket.isSilent)
        }

        @Test("whose socket is full hears a moment later that the service is ready, and keeps nobody from serving")
        func full() throws {
            let directory = try TemporaryDirectory()
            let socket = try NotifySocket(in: directory)
            let count = try socket.fill()
            let service = try service(socket, in: directory)
            #expect(try service.answer(.get("/bytes/1")).status == 200)
            for _ in 0..<count { #expect(socket.next() == "x") }
            #expect(socket.states(until: "READY=1") == ["READY=1"])
            service.stop()
        }

        @Test("with a watchdog hears again and again that the supervisor turns, and nothing of one that does not")
        func watchdog() throws {
            let directory = try TemporaryDirectory()
            let socket = try NotifySocket(in: directory)
            let service = try service(socket, ["WATCHDOG_USEC": "100000"], in: directory)
            for _ in 0..<5 { #expect(socket.states(until: "WATCHDOG=1").last == "WATCHDOG=1") }
            service.signal(SIGSTOP)
            #expect(eventually { ProcessTree.status(of: service.supervisor)?.state == "T" })
            while !socket.isSilent {}
            // Half of what the watchdog grants is 50 ms.
            #expect(socket.next(by: .after(0.5)) == nil)
            service.signal(SIGCONT)
            #expect(socket.next() == "WATCHDOG=1")
            service.signal(SIGUSR2)
            #expect(socket.states(until: "READY=1").last == "READY=1")
            #expect(socket.states(until: "WATCHDOG=1").last == "WATCHDOG=1")
            service.signal(SIGTERM)
            #expect(service.waitForExit() == .code(0))
        }

        @Test("of another process is told of no watchdog")
        func strangersWatchdog() throws {
            let directory = try TemporaryDirectory()
            let socket = try NotifySocket(in: directory)
            let service = try service(socket, ["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"], in: directory)
            #expect(socket.states(until: "READY=1") == ["READY=1"])
            service.stop()
            #expect(socket.states(until: "STOPPING=1") == ["STOPPING=1"])
        }

        @Test(
            "that does not listen keeps no service from serving",
            arguments: ["/nowhere/notify", "@nobody", "x", "/", "@", "vsock:2:1", String(repeating: "/x", count: 100)]
        )
        func absent(_ path: String) throws {
            let service = try Service(workers: 1, environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1"])
            #expect(try service.answer(.get("/bytes/1")).status == 200)
            service.stop()
        }
    }
}
