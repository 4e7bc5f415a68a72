import Glibc
import SQL
import TestDatabases
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("A standby takes over", .needsPostgreSQL)
    struct FailoverTests {
        @Test("the service goes on with the new primary by itself, and every acknowledged booking is there")
        func failover() throws {
            let servers = try PostgreSQLPair()
            let service = try Service(
                .app,
                workers: 2,
                environment: ["DATABASE_URL": servers.url.description, "WEB_THREADS": "2"]
            )
            let workers = Set(service.workers)
            let hotel = try Hotel(of: service)
            let booked = Monitor<[String: String]>([:])
            let isOver = Monitor(false)
            let clients = Crew(4) { client in
                var night = client
                while !isOver.read({ $0 }) {
                    // Until it is answered: what became of a commit that was under way the key tells.
                    let request = Hotel.booking(
                        of: hotel.rooms[night % hotel.rooms.count],
                        inDays: 1 + night / hotel.rooms.count,
                        key: "night-\(night)"
                    )
                    var answer: Answer?
                    while !isOver.read({ $0 }), answer?.status != 201 {
                        answer = service.ask(request).answer
                        if answer?.status != 201 { usleep(20_000) }
                    }
                    if answer?.status == 201, let id = answer?.json?["id"]?.string {
                        booked.update { $0[id] = "night-\(night)" }
                    }
                    night += 4
                }
            }
            func awaitBookings(_ count: Int) -> Bool {
                let before = booked.read { $0.count }
                return eventually { booked.read { $0.count } >= before + count }
            }
            #expect(awaitBookings(50))
            try servers.killPrimary()
            #expect(eventually { service.ask(.get("/readyz")).answer?.status == 503 })
            try servers.promoteStandby()
            #expect(awaitBookings(50), "bookings after the failover")
            isOver.update { $0 = true }
            clients.join()
            #expect(service.ask(.get("/readyz")).answer?.status == 200)

            let all = try Hotel.allBookings(of: service)
            let there = Set(all.compactMap { $0["id"]?.string })
            #expect(Set(booked.read { $0.keys }).subtracting(there) == [], "acknowledged, and lost")
            #expect(Hotel.doubledNights(in: all) == [])
            #expect(Set(service.workers) == workers, "nobody was restarted")
            service.stop()
        }
    }
}
