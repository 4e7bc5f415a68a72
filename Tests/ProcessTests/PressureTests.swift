import CLinux
import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Under pressure")
    struct PressureTests {
        private func processorTime(of pid: pid_t) -> Double {
            let fields =
                (ProcessTree.read("/proc/\(pid)/stat") ?? "").split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
            return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }

        @Test(
            "out of descriptors the worker neither dies nor spins, and serves again when there are some",
            .needs(.prlimit)
        )
        func outOfDescriptors() throws {
            let service = try Service(workers: 1, launcher: ["prlimit", "--nofile=40:40"])
            let worker = try #require(service.workers.first)
            var crowd = try (0..<80).map { _ in try service.connect(timeout: 5) }
            let before = processorTime(of: worker)
            let started = ContinuousClock.now
            sleep(1)
            let busy = (processorTime(of: worker) - before) / (ContinuousClock.now - started).inSeconds
            #expect(busy < 0.5, "share of a processor while nobody asks anything: \(busy)")
            #expect(service.workers == [worker])
            // Some are served, some refused with an answer or a clean end; none hangs for ever.
            for connection in crowd.prefix(5) { #expect(connection.exchange(.get("/livez")).status == 200) }
            crowd = []
            #expect(eventually { service.ask(.get("/notes"), timeout: 5).status == 200 })
            #expect(service.workers == [worker])
            service.stop()
        }

        @Test("clients that send their requests byte by byte hold nobody else up")
        func slowClients() throws {
            let service = try Service(workers: 1)
            let slow = try (0..<200).map { _ in try service.connect() }
            let request = Request.get("/notes").bytes
            for (index, byte) in request.enumerated() {
                for connection in slow { connection.send([byte]) }
                if index % 10 == 0 { #expect(try service.answer(.get("/notes")).status == 200) }
            }
            for connection in slow { #expect(connection.receive().status == 200) }
            service.stop()
        }

        @Test("a client that does not read its answers holds nobody else up")
        func slowReader() throws {
            let service = try Service(workers: 1)
            let slow = try service.connect()
            let requests = (0..<20).flatMap { _ in Request.get("/bytes/1000").bytes }
            // As many as the kernel's buffers take and a little more; the worker must stop reading, not stop serving.
            let sender = Crew(1) { [slow = Unchecked(slow)] _ in
                for _ in 0..<500 where !slow.value.send(requests) { break }
                slow.value.finishSending()
            }
            for _ in 0..<20 { #expect(try service.answer(.get("/notes")).status == 200) }
            // Now it reads, and all are there.
            for _ in 0..<10_000 {
                let status = slow.receive().status
                #expect(status == 200)
                if status != 200 { break }
            }
            sender.join()
            service.stop()
        }

        private struct Unchecked<Value>: @unchecked Sendable {
            let value: Value
            init(_ value: Value) { self.value = value }
        }
    }
}
