import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The limits of a service")
    struct LimitsTests {
        @Test(
            "with WEB_CONCURRENCY=auto the number of workers follows the memory of a control group while the service runs",
            .enabled(if: MemoryGroup.isPossible, "needs a control group for memory that these tests may make")
        )
        func followsControlGroup() throws {
            let (enough, little) = (256 << 20, 28 << 20)
            let group = try MemoryGroup(bytes: enough)
            let service = try Service(environment: ["WEB_CONCURRENCY": "auto"], launcher: group.launcher)
            let workers = service.workers.count
            #expect(workers >= 2)
            var mark = service.log.mark
            #expect(group.setLimit(little))
            let shrunk = try service.log.wait(for: "size changed", after: mark)
            #expect(shrunk["to"]?.int == 1 && shrunk["from"]?.int == workers, "\(shrunk.line)")
            #expect(service.hasWorkers(1))
            mark = service.log.mark
            #expect(group.setLimit(enough))
            try service.log.wait(for: "size changed", after: mark)
            #expect(service.hasWorkers(workers))
            #expect(try service.answer(.get("/livez")).status == 200)
            service.stop()
        }

        @Test("supervisor and workers may open as many descriptors as the system lets them at most")
        func descriptors() throws {
            let service = try Service(launcher: ["sh", "-c", #"ulimit -S -n 300 && exec "$0" "$@""#])
            for process in [service.supervisor] + service.workers {
                let limits = try #require(ProcessTree.read("/proc/\(process)/limits")).split(separator: "\n")
                let words = limits.first { $0.hasPrefix("Max open files") }?.split(separator: " ") ?? []
                #expect(words.count > 4 && words[3] == words[4] && words[3] != "300", "\(words)")
            }
            service.stop()
        }
    }
}
