import Glibc
import Jobs
import SQL
import TestDatabases
import Testing

@testable import ProcessHarness

extension ProcessTests {
    /// With JOBS_PROOF=10000 in the environment it is so many jobs.
    @Suite("The proof of the job workers", .serialized)
    struct JobsProofTests {
        private static let count = getenv("JOBS_PROOF").flatMap { Int(String(cString: $0)) } ?? 2_000

        @Test(
            "under kills, rolls and restarts each job is done, in its order, and by nobody else while its lease holds",
            arguments: [Store.sqlite, .postgreSQL].filter { Store.all.contains($0) }
        )
        func proof(store: Store) throws {
            let stage = try JobsStage(on: store)
            let names = (0..<Self.count).map { "job\($0)" }
            for start in stride(from: 0, to: names.count, by: 50) {
                try stage.add(names[start..<min(start + 50, names.count)].map { Mark(name: $0, milliseconds: 40) }) {
                    mark in
                    // A tenth of them in 20 lines of order.
                    let number = Int(mark.name.dropFirst(3)) ?? 0
                    return JobOptions(
                        orderingKey: number % 10 == 0 ? "line\(number / 10 % 20)" : nil,
                        maximumAttempts: 1_000
                    )
                }
            }
            var trees = try (0..<2).map { _ in try stage.work() }
            var blows = 0
            var random = SystemRandomNumberGenerator()
            let deadline = Deadline.after(Self.count > 5_000 ? 600 : 120)
            while try stage.remaining() > 0, !deadline.isOver {
                let done = try stage.events().count
                let tree = Int.random(in: 0..<2, using: &random)
                switch blows % 6 {
                case 0, 1, 3:
                    if let worker = ProcessTree.children(of: trees[tree].supervisor).randomElement() {
                        kill(worker, SIGKILL)
                    }
                case 2: trees[tree].signal(SIGHUP)
                case 4:
                    trees[tree].signal(SIGKILL)
                    _ = trees[tree].waitForExit()
                    trees[tree] = try stage.work()
                default: try stage.server?.restart(blows % 12 == 5 ? .fast : .immediate)
                }
                blows += 1
                // The next blow falls on something that goes on.
                _ = stage.wait(by: .after(10)) { $0.count > done + 60 || (try? stage.remaining()) == 0 }
            }
            #expect(try stage.remaining() == 0)
            for tree in trees {
                tree.signal(SIGTERM)
                #expect(tree.waitForExit() == .code(0), "\(tree.log.tail)")
            }
            #expect(blows > 5)
            try check(stage.events().filter { $0.name != "tick" }, names)
        }

        private func check(_ events: [JobsStage.Event], _ names: [String]) throws {
            let byName = Dictionary(grouping: events, by: \.name)
            #expect(Set(byName.keys) == Set(names))
            var repeated = 0
            for (name, events) in byName {
                let attempts = Dictionary(grouping: events, by: \.attempt).sorted { $0.key < $1.key }.map(\.value)
                #expect(events.contains { $0.kind == .end }, "\(name) was not done")
                #expect(Set(events.map(\.idempotencyID)).count == 1, "\(name)")
                repeated += attempts.count - 1
                for attempt in attempts { #expect(attempt.filter { $0.kind == .begin }.count == 1, "\(name)") }
                for (former, next) in zip(attempts, attempts.dropFirst()) {
                    let begin = try #require(former.first { $0.kind == .begin }?.time)
                    let nextBegin = try #require(next.first { $0.kind == .begin }?.time)
                    if let end = former.first(where: { $0.kind != .begin })?.time {
                        #expect(nextBegin > end, "\(name): two at a time")
                    }
                    // The lease began before the job did, on a busy machine by this much.
                    let kept = nextBegin - begin
                    #expect(kept > JobsStage.lease - 0.5, "\(name): began again after \(kept) s, while its lease held")
                }
            }
            // Whoever came first in a line was done before the next began.
            let lines = Dictionary(grouping: names.filter { $0.hasSuffix("0") }) { name in
                (Int(name.dropFirst(3)) ?? 0) / 10 % 20
            }
            for line in lines.values {
                for (former, next) in zip(line, line.dropFirst()) {
                    let end = try #require(byName[former]?.last { $0.kind == .end }?.time)
                    let begin = try #require(byName[next]?.first { $0.kind == .begin }?.time)
                    #expect(begin > end, "\(next) began before \(former) was done")
                }
            }
            print("jobs: \(names.count), done again: \(repeated)")
        }
    }
}
