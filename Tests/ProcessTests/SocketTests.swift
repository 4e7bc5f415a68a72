import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Sockets")
    struct SocketTests {
        @Test("a socket passed by LISTEN_FDS outlives the service: restarts under load fail and refuse no request")
        func socketActivation() throws {
            let socket = try ListeningSocket()
            // Another port in the settings does not matter: a passed socket comes first.
            var service = try Service(workers: 2, environment: ["PORT": "1"], passing: socket.descriptor)
            #expect(service.port == socket.port)
            let loads = Load.mixed(on: service.address)
            #expect(loads.waitForAnswers(50))
            for _ in 0..<5 {
                service.stop()
                // Nobody serves now. Whoever connects waits in the queue of a socket that somebody else holds.
                service = try Service(workers: 2, in: service.directory, migrates: false, passing: socket.descriptor)
                #expect(service.port == socket.port)
                #expect(loads.waitForAnswers(50))
            }
            try service.log.wait(for: "ready")
            let mark = service.log.mark
            service.signal(SIGUSR2)
            try service.log.wait(for: "ready", after: mark)
            #expect(loads.waitForAnswers(50))
            loads.expectNoLoss("restarts and an upgrade on a passed socket", times: 6)
            service.stop()
        }

        @Test(
            "descriptors that are no listening socket, or not one, end with exit 69 and say so",
            arguments: ["1", "2"]
        )
        func faultyActivation(_ count: String) throws {
            let directory = try TemporaryDirectory()
            let serve = try Finished.running(
                ["sh", "-c", "exec 3</dev/null; LISTEN_FDS=\(count) LISTEN_PID=$$ exec \"$0\" \"$@\""]
                    + Binary.fixture.command("serve"),
                environment: Service.environment(in: directory, [:])
            )
            #expect(serve.exit == .code(69), "\(serve.output)\(serve.errors)")
            #expect(serve.output.contains("cannot listen"), "\(serve.output)")
        }

        @Test("sockets meant for another process are left alone")
        func strangersActivation() throws {
            let service = try Service(workers: 1, environment: ["LISTEN_PID": "1", "LISTEN_FDS": "1"])
            #expect(try service.answer(.get("/livez")).status == 200)
            service.stop()
        }

        private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

        @Test("on a unix socket it answers, a second instance never steals it, and the stop takes it away")
        func unixSocket() throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/socket"
            let service = try Service(
                environment: ["HOST": "unix:" + path, "SHUTDOWN_TIMEOUT": "1s", "REQUEST_TIMEOUT": "500ms"],
                in: directory
            )
            #expect(try service.answer(.get("/notes")).status == 200)

            let second = try Finished.running(Binary.fixture.command("serve"), environment: service.environment)
            #expect(second.exit == .code(69), "\(second.output)\(second.errors)")
            #expect(second.output.contains(path), "\(second.output)")
            #expect(try service.answer(.get("/notes")).status == 200)

            service.stop()
            #expect(!exists(path))
        }

        @Test("a unix socket that a killed service left behind is replaced; what is no socket is left alone")
        func staleSocket() throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/socket"
            let killed = try Service(environment: ["HOST": "unix:" + path], in: directory)
            killed.signal(SIGKILL)
            #expect(killed.waitForExit() == .signal(SIGKILL))
            #expect(killed.log.waitForEnd(), "no worker is left")
            let next = try Service(environment: ["HOST": "unix:" + path], in: directory, migrates: false)
            #expect(try next.answer(.get("/livez")).status == 200)
            next.stop()

            close(open(path, O_WRONLY | O_CREAT, 0o600))
            let refused = try Finished.running(Binary.fixture.command("serve"), environment: next.environment)
            #expect(refused.exit == .code(69), "\(refused.output)\(refused.errors)")
            #expect(exists(path))
        }

        @Test("rolls, an upgrade and a stop under load on a unix socket: exactly no request fails")
        func unixSocketUnderLoad() throws {
            let directory = try TemporaryDirectory()
            let service = try Service(
                workers: 2,
                environment: ["HOST": "unix:" + directory.path + "/socket"],
                in: directory
            )
            let loads = Load.mixed(on: service.address)
            #expect(loads.waitForAnswers(50))
            for order in [SIGHUP, SIGHUP, SIGHUP, SIGHUP, SIGUSR2] {
                let mark = service.log.mark
                service.signal(order)
                try service.log.wait(for: "roll finished", after: mark)
                #expect(loads.waitForAnswers(20))
            }
            loads.expectNoLoss("rolls and an upgrade on a unix socket", times: 5)

            let last = [Load.Style.keepAlive, .oneShot].map {
                Load(
                    on: service.address,
                    clients: 6,
                    style: $0,
                    leavesWhenRefused: true,
                    request: Load.mixture
                )
            }
            #expect(last.waitForAnswers(50))
            service.stop()
            for load in last {
                #expect(load.waitUntilAllLeft())
                let tally = load.stop()
                #expect(tally.failures == [])
                #expect(tally.serverErrors == [:])
            }
        }
    }
}
