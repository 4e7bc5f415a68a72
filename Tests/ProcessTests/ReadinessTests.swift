import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    /// A balancer that asks /readyz every 50 ms and looks away after the first no.
    @Suite("Readiness behind a balancer without patience", .needs(.haproxy))
    struct ReadinessTests {
        @Test("rolls, upgrades and resizes do not take the service out")
        func lives() throws {
            let service = try Service(workers: 3)
            let balancer = try Balancer(.haproxy, before: service.port, isProbing: true)
            let loads = Load.mixed(on: .port(balancer.port))
            #expect(loads.waitForAnswers(50))
            for _ in 0..<3 {
                var mark = service.log.mark
                service.signal(SIGHUP)
                try service.log.wait(for: "roll finished", after: mark)
                mark = service.log.mark
                service.signal(SIGUSR2)
                try service.log.wait(for: "roll finished", after: mark)
                service.signal(SIGTTIN)
                #expect(service.hasWorkers(4))
                service.signal(SIGTTOU)
                #expect(service.hasWorkers(3))
                #expect(loads.waitForAnswers(50))
            }
            #expect(balancer.complaints == "")
            loads.expectNoLoss("rolls, upgrades and resizes behind a balancer that asks /readyz", times: 12)
            service.stop()
        }

        @Test("workers that are replaced all the time do not take the service out")
        func recycling() throws {
            let service = try Service(workers: 3, environment: ["MAX_REQUESTS": "40"])
            let balancer = try Balancer(.haproxy, before: service.port, isProbing: true)
            let loads = Load.mixed(on: .port(balancer.port))
            try service.log.wait(for: "worker exited", count: 30)
            #expect(balancer.complaints == "")
            loads.expectNoLoss("recycling behind a balancer that asks /readyz", times: 30)
            service.stop()
        }

        @Test("a worker that leaves is ready, and a service that is about to stop is not")
        func words() throws {
            let service = try Service(workers: 2, environment: ["DRAIN_DELAY": "1s"])
            let former = service.workers
            // As many as it takes for each worker to have one.
            let connections = try (0..<20).map { _ in try service.connect() }
            for connection in connections { #expect(connection.exchange(.get("/livez")).status == 200) }
            var mark = service.log.mark
            service.signal(SIGHUP)
            try service.log.wait(for: "worker ready", count: 2, after: mark)
            // Their former workers are leaving, and pass these connections on.
            let answers = connections.map { $0.exchange(.get("/readyz")) }
            #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.filter { $0.status != 200 })")
            // Who asked a leaving one is with its successor, and was told nothing.
            #expect(answers.allSatisfy { $0.answer?.closesConnection == false })
            #expect(eventually { Set(service.workers).isDisjoint(with: former) })
            mark = service.log.mark
            service.signal(SIGTERM)
            try service.log.wait(for: "stopping", after: mark)
            // It is logged a moment before workers know.
            var refusal: Answer?
            let isRefused = try eventually {
                refusal = try service.answer(.get("/readyz"))
                return refusal?.status == 503
            }
            #expect(isRefused)
            #expect(refusal?.text.contains("the service is about to stop") == true)
            service.expectCleanExit()
        }
    }
}
