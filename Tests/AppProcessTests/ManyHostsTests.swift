import Glibc
import SQL
import TestDatabases
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Three instances on one PostgreSQL", .needs(.postgres))
    struct ManyHostsTests {
        @Test(
            "behind a balancer: rolls, upgrades, dead workers, dead instances and a restarted database lose and double nothing",
            .needs(.nginx, .haproxy),
            arguments: Balancer.Kind.allCases
        )
        func upheavals(_ kind: Balancer.Kind) throws {
            let cluster = try Cluster(3, on: PostgreSQLServer())
            let balancer = try Balancer(kind, before: cluster.services.map(\.port))
            let bookers = Bookers(pairs: 4, in: try cluster.hotel(), on: .port(balancer.port))
            #expect(bookers.waitForAnswers(200))

            let orderly = try bookers.failures {
                for instance in 0..<3 { try cluster.roll(instance) }
                for instance in 0..<3 { try cluster.roll(instance, by: SIGUSR2) }
            }
            #expect(orderly.isEmpty, "rolls and upgrades: \(orderly)")

            // What a killed process had in its hands the balancer asks of another: reads, and what has an idempotency key.
            let killed = try bookers.failures {
                for round in 0..<6 {
                    let workers = cluster.services[round % 3].workers
                    if let worker = workers.first { kill(worker, SIGKILL) }
                    #expect(bookers.waitForAnswers(30))
                }
            }
            #expect(killed.isEmpty, "killed workers: \(killed)")

            let lost = try bookers.failures {
                cluster.kill(1)
                #expect(bookers.waitForAnswers(100))
                try cluster.restart(1)
                #expect(cluster.isReady())
            }
            #expect(lost.isEmpty, "a killed instance: \(lost)")

            for mode in PostgreSQLServer.StopMode.allCases {
                let down = try bookers.failures {
                    try cluster.server.restart(mode)
                    #expect(cluster.isReady(by: .after(15)))
                }
                let impolite = down.filter { !$0.isPolite }
                #expect(impolite.isEmpty, "database restarted, \(mode): \(impolite)")
                print("\(kind), database restarted, \(mode): \(down.count) requests answered 503 with Retry-After")
            }

            let ledger = bookers.stop()
            try Bookers.expect(ledger, in: cluster.database)
            print(
                "\(kind): \(ledger.acknowledged.count) bookings, \(ledger.refused) refused, \(ledger.read) read, "
                    + "\(ledger.replayed) repeated, slowest \(ledger.slowest) s"
            )
            cluster.stop()
        }

        @Test("the configurations in deploy/ are sound", .needs(.nginx, .haproxy), arguments: Balancer.Kind.allCases)
        func configurations(_ kind: Balancer.Kind) throws {
            #expect(try Balancer.faults(kind) == "")
        }

        @Test(
            "behind PgBouncer in transaction mode: bookings race, rolls and a restarted database lose nothing",
            .needs(.pgbouncer)
        )
        func pooler() throws {
            let server = try PostgreSQLServer()
            let pooler = try PgBouncer(before: server)
            let cluster = try Cluster(2, on: server) { pooler.url(of: $0).description }
            let start = try #require(cluster.services[0].log.events.first { $0.message == "database connections" })
            #expect(start["pooled"]?.string == "yes")
            let hotel = try cluster.hotel()
            let loads = cluster.services.map { Bookers(pairs: 4, in: hotel, on: $0.address) }
            for load in loads { #expect(load.waitForAnswers(200)) }
            let orderly = try loads[0].failures { try cluster.roll(0) }
            #expect(orderly.isEmpty, "\(orderly)")
            let down = try loads[0].failures {
                try server.restart(.fast)
                #expect(cluster.isReady(by: .after(15)))
            }
            let impolite = down.filter { !$0.isPolite }
            #expect(impolite.isEmpty, "\(impolite)")
            let ledgers = loads.map { $0.stop() }
            // Both ask for the same nights under the same keys, so their ledgers are one.
            var ledger = ledgers[0]
            ledger.acknowledged.merge(ledgers[1].acknowledged) { $1 }
            try Bookers.expect(ledger, in: cluster.database)
            let used =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            #expect(try cluster.count(used) <= 3, "the pooler's connections")
            cluster.stop()
        }
    }
}
