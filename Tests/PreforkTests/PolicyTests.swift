import Linux
import Testing

@testable import Prefork

@Suite("Policies")
struct PolicyTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test("the fork budget allows a burst, then its rate, and never saves up more than a burst")
    func budget() {
        var budget = ForkBudget(perSecond: 10, burst: 3)
        func taken(_ budget: inout ForkBudget, at time: MonotonicInstant, tries: Int = 20) -> Int {
            (0..<tries).count { _ in budget.take(at: time) }
        }
        #expect(taken(&budget, at: start) == 3)
        #expect(budget.nextToken == start + .milliseconds(100))
        #expect(taken(&budget, at: start + .milliseconds(99)) == 0)
        #expect(taken(&budget, at: start + .milliseconds(100)) == 1)
        // What is left of an interval is not lost.
        #expect(taken(&budget, at: start + .milliseconds(250)) == 1)
        #expect(taken(&budget, at: start + .milliseconds(300)) == 1)
        #expect(taken(&budget, at: start + .seconds(100)) == 3)
    }

    @Test("a number's backoff ends with its success, and does not concern other numbers")
    func ledger() {
        var random = SplitMix64(seed: 7)
        var ledger = BootLedger(Backoff(first: .seconds(1), longest: .seconds(8), attempts: 5))
        #expect(ledger.notBefore(1) == nil)
        for _ in 0..<70 { ledger.fail(1, at: start, random: &random) }
        #expect(ledger.failures(of: 1) == 70)
        #expect(ledger.notBefore(1)! - start <= .seconds(10))
        #expect(ledger.notBefore(2) == nil)
        ledger.succeed(1)
        #expect(ledger.notBefore(1) == nil)
        #expect(ledger.failures(of: 1) == 0)
    }

    struct SizeCase: CustomTestStringConvertible {
        var testDescription: String
        var sample: SizePolicy.Sample
        var looks: Int
        var from: Int
        var to: Int
    }

    @Test(
        "size follows load",
        arguments: [
            SizeCase(
                testDescription: "waiting behind busy workers",
                sample: .init(ready: 4, busy: 4, waiting: 1),
                looks: 2,
                from: 4,
                to: 5
            ),
            SizeCase(
                testDescription: "one crowded look is no trend",
                sample: .init(ready: 4, busy: 4, waiting: 9),
                looks: 1,
                from: 4,
                to: 4
            ),
            SizeCase(
                testDescription: "a long queue calls for more, at most half as many again",
                sample: .init(ready: 4, busy: 4, waiting: 100),
                looks: 2,
                from: 4,
                to: 6
            ),
            SizeCase(
                testDescription: "waiting although one is idle",
                sample: .init(ready: 4, busy: 3, waiting: 5),
                looks: 50,
                from: 4,
                to: 4
            ),
            SizeCase(
                testDescription: "all busy for two seconds, nobody waits",
                sample: .init(ready: 4, busy: 4, waiting: 0),
                looks: 8,
                from: 4,
                to: 5
            ),
            SizeCase(
                testDescription: "those that still boot are waited for",
                sample: .init(ready: 3, busy: 3, waiting: 5),
                looks: 50,
                from: 4,
                to: 4
            ),
            SizeCase(
                testDescription: "never above the range",
                sample: .init(ready: 10, busy: 10, waiting: 99),
                looks: 50,
                from: 10,
                to: 10
            ),
            SizeCase(
                testDescription: "calm for thirty seconds",
                sample: .init(ready: 4, busy: 1, waiting: 0),
                looks: 120,
                from: 4,
                to: 3
            ),
            SizeCase(
                testDescription: "not yet calm enough",
                sample: .init(ready: 4, busy: 1, waiting: 0),
                looks: 119,
                from: 4,
                to: 4
            ),
            SizeCase(
                testDescription: "one less would leave none idle",
                sample: .init(ready: 4, busy: 3, waiting: 0),
                looks: 500,
                from: 4,
                to: 4
            ),
            SizeCase(
                testDescription: "never below the range",
                sample: .init(ready: 2, busy: 0, waiting: 0),
                looks: 500,
                from: 2,
                to: 2
            ),
        ]
    )
    func size(example: SizeCase) {
        var policy = SizePolicy(range: 2...10)
        var target = example.from
        for _ in 0..<example.looks { target = policy.target(for: example.sample, now: target) }
        #expect(target == example.to)
    }

    @Test("a load at the edge does not make the number flap")
    func hysteresis() {
        var policy = SizePolicy(range: 1...8)
        var (target, changes) = (2, 0)
        for look in 0..<4_000 {
            // Now and then all are busy for a moment.
            let busy = look.isMultiple(of: 5) ? target : target - 1
            let next = policy.target(for: .init(ready: target, busy: busy, waiting: 0), now: target)
            changes += next == target ? 0 : 1
            target = next
        }
        #expect(changes == 0)
    }

    @Test("a fixed number follows nothing")
    func fixed() {
        var policy = SizePolicy(range: 3...3)
        for _ in 0..<1000 { #expect(policy.target(for: .init(ready: 3, busy: 3, waiting: 50), now: 3) == 3) }
    }

    @Test("durations without end stay inside the clock")
    func clamping() {
        #expect(start + .seconds(Int64.max) > start + .seconds(2_000_000_000))
        #expect(start - (start + .seconds(1)) == .seconds(-1))
        #expect(Duration.seconds(Int64.min).nanoseconds < 0)
    }
}
