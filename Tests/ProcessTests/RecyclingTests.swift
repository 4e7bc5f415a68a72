import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Recycling")
    struct RecyclingTests {
        /// What the supervisor holds.
        private struct Footprint: CustomStringConvertible {
            let descriptors: Int
            let mappings: Int
            let residentKilobytes: Int
            let anonymousKilobytes: Int

            init(of pid: pid_t) {
                descriptors = ProcessTree.descriptorCount(of: pid)
                mappings = (ProcessTree.read("/proc/\(pid)/maps") ?? "").split(separator: "\n").count
                residentKilobytes = ProcessTree.kilobytes("VmRSS", of: pid) ?? 0
                anonymousKilobytes = ProcessTree.kilobytes("Pss_Anon", of: pid, in: "smaps_rollup") ?? 0
            }

            var description: String {
                "\(descriptors) descriptors, \(mappings) mappings, RSS \(residentKilobytes) kB, "
                    + "anonymous PSS \(anonymousKilobytes) kB"
            }
        }

        @Test("a thousand recycles under load: exactly no request fails, and neither descriptors nor memory grow")
        func thousand() throws {
            let service = try Service(workers: 2, environment: ["MAX_REQUESTS": "20"])
            let loads = Load.mixed(on: service.address, clients: 4)
            let started = ContinuousClock.now
            func footprint(after recycles: Int) throws -> Footprint {
                try service.log.wait(for: "worker exited", count: recycles, by: .after(300))
                return Footprint(of: service.supervisor)
            }
            let early = try footprint(after: 100)
            let late = try footprint(after: 1000)
            print("after 100 recycles: \(early)\nafter 1000 recycles: \(late)")
            print("1000 recycles took \((ContinuousClock.now - started).inSeconds) s")
            // A descriptor or two for each worker that happens to boot or leave just now.
            #expect(abs(late.descriptors - early.descriptors) <= 8, "\(early), then \(late)")
            #expect(late.mappings - early.mappings <= 2, "\(early), then \(late)")
            #expect(late.residentKilobytes - early.residentKilobytes < 256, "\(early), then \(late)")
            #expect(late.anonymousKilobytes - early.anonymousKilobytes < 128, "\(early), then \(late)")
            loads.expectNoLoss("recycles", times: service.log.events("worker exited").count)
            #expect(service.hasWorkers(2), "and no more workers than asked for are left")
            #expect(ProcessTree.zombies(of: service.supervisor) == [])
            service.stop()
        }
    }
}
