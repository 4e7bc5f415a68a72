import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("A service manager")
    struct ServiceManagerTests {
        /// What systemd listens on with `Type=notify`.
        private final class Notifications {
            private let descriptor: CInt
            let path: String

            init(in directory: TemporaryDirectory) throws {
                path = directory.path + "/notify"
                descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
                let isBound = withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                    }
                }
                guard isBound else { throw Spawned.Failure(description: "cannot bind \(path): errno \(errno)") }
                chmod(path, 0o777)
            }

            /// The next message; nil when none comes.
            func next(by deadline: Deadline = .generous) -> String? {
                var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&watched, 1, CInt(deadline.secondsLeft * 1000)) == 1 else { return nil }
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = recv(descriptor, &bytes, bytes.count, 0)
                return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
            }

            /// Whether nothing has been said that was not read.
            var isSilent: Bool { next(by: .after(0)) == nil }

            deinit { close(descriptor) }
        }

        @Test("hears that the service is ready, and that it stops, and nothing of rolls and upgrades")
        func notify() throws {
            let directory = try TemporaryDirectory()
            let notifications = try Notifications(in: directory)
            let service = try Service(
                workers: 2,
                environment: ["NOTIFY_SOCKET": notifications.path, "LOG_LEVEL": "info"],
                in: directory
            )
            #expect(notifications.next() == "READY=1\nSTATUS=2 workers are ready")
            for order in [SIGHUP, SIGUSR2] {
                let mark = service.log.mark
                service.signal(order)
                try service.log.wait(for: "roll finished", after: mark)
            }
            #expect(notifications.isSilent)
            service.stop()
            #expect(notifications.next()?.hasPrefix("STOPPING=1\n") == true)
            #expect(notifications.isSilent)
        }

        @Test("that does not listen keeps no service from serving", arguments: ["/nowhere/notify", "@nobody", "x"])
        func absent(_ path: String) throws {
            let service = try Service(workers: 1, environment: ["NOTIFY_SOCKET": path])
            #expect(try service.answer(.get("/bytes/1")).status == 200)
            service.stop()
        }
    }

    @Suite("The doctor, as a command")
    struct DoctorCommandTests {
        private func examine(_ variables: [String: String], in directory: TemporaryDirectory) throws -> Finished {
            try Finished.running(
                Binary.fixture.command("doctor"),
                environment: Service.environment(in: directory, variables)
            )
        }

        @Test("finds a service that can run, and one whose database is missing")
        func examined() throws {
            let directory = try TemporaryDirectory()
            let without = try examine([:], in: directory)
            #expect(without.exit == .code(1))
            #expect(without.output.contains("FAULT   database: "))
            try Service.prepare(.fixture, Service.environment(in: directory, [:]))
            let with = try examine([:], in: directory)
            #expect(with.exit == .code(0))
            #expect(with.output.contains("ok      database: "))
        }

        @Test("sees that a port is taken")
        func taken() throws {
            let taken = try ListeningSocket()
            let directory = try TemporaryDirectory()
            let output = try examine(["PORT": "\(taken.port)"], in: directory).output
            #expect(output.contains("advice  port: "))
        }
    }
}
