import Linux
import Testing

@testable import Prefork

/// Lives of a supervisor in a random world. A failure names the seed; `World(seed:)` replays it exactly.
@Suite("Simulation")
struct SimulationTests {
    static let livesPerBatch: UInt64 = 1_000

    @Test("no order of events breaks a promise", arguments: UInt64(0)..<10)
    func lives(batch: UInt64) {
        for seed in (batch * Self.livesPerBatch)..<((batch + 1) * Self.livesPerBatch) {
            var world = World(seed: seed)
            do {
                try world.live(events: 25)
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
    }

    @Test("the same seed gives the same life")
    func deterministic() throws {
        var (first, second) = (World(seed: 42), World(seed: 42))
        try first.live(events: 200)
        try second.live(events: 200)
        #expect(first.now == second.now)
        #expect(first.exitCode == second.exitCode)
        #expect(first.state.workers == second.state.workers)
    }
}
