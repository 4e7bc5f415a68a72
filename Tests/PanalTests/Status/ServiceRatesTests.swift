import Linux
import Telemetry
import Testing

@testable import Panal

@Suite("What a service did between two samples")
struct ServiceRatesTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    private func histogram(_ counts: [Int]) -> MetricReading.Histogram {
        MetricReading.Histogram(bounds: [0.01, 0.02, 0.2], counts: counts, sum: 0)
    }

    @Test("is by the second, and percentiles are of that time alone")
    func rates() throws {
        var earlier = ServiceSample(time: start)
        earlier.requests = histogram([1000, 0, 0, 0])
        earlier.failures = 4
        earlier.usage = [1: .init(processorTime: 10, memory: 5), 2: .init(processorTime: 3, memory: 7)]
        var later = ServiceSample(time: start + .seconds(5))
        later.requests = histogram([1000, 90, 10, 0])
        later.failures = 14
        // Process 2 has gone, 3 has come.
        later.usage = [1: .init(processorTime: 11, memory: 6), 3: .init(processorTime: 1.5, memory: 8)]
        let rates = ServiceRates(from: earlier, to: later)
        #expect(rates.requests == 20 && rates.failures == 2)
        #expect(rates.median == 0.02 && rates.percentile95 == 0.2 && rates.percentile99 == 0.2)
        #expect(abs(rates.processors - 0.5) < 1e-9 && rates.memory == 14)
    }

    @Test("counts from nothing when the first request came meanwhile")
    func first() {
        var later = ServiceSample(time: start + .seconds(1))
        later.requests = histogram([3, 0, 0, 0])
        let rates = ServiceRates(from: ServiceSample(time: start), to: later)
        #expect(rates.requests == 3 && rates.median == 0.01)
    }

    @Test("is what handlers tell where nobody counts requests")
    func uncounted() {
        func reading(_ requests: Int, _ time: MonotonicInstant) -> HandlerTimesReading {
            HandlerTimesReading(
                time: time,
                names: ["GET /"],
                times: [HandlerTimes(requests: requests, wall: requests * 1000, processor: requests * 250)]
            )
        }
        var earlier = ServiceSample(time: start)
        earlier.handlers = reading(100, start)
        var later = ServiceSample(time: start + .seconds(2))
        later.handlers = reading(300, start + .seconds(2))
        let rates = ServiceRates(from: earlier, to: later)
        #expect(rates.requests == 100 && rates.failures == nil && rates.median == nil)
        #expect(rates.waitingShare == 0.75)
    }
}
