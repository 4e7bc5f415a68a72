import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Partner hotels")
    struct PartnerHotelTests {
        /// Nights that nobody else books.
        private static let arrival = 200
        private static var target: String {
            "/v1/availability?from=\(Hotel.date(inDays: arrival))&to=\(Hotel.date(inDays: arrival + 2))&guests=2"
        }

        /// A hotel, and where its partner will be.
        private func hotel(
            on socket: ListeningSocket,
            partner: String,
            at port: UInt16,
            _ more: [String: String] = [:],
            workers: Int = 2
        ) throws -> Service {
            let partners = ["PARTNER_URLS": "\(partner)=http://127.0.0.1:\(port)", "PORT": "1"]
            return try Service(
                .app,
                workers: workers,
                environment: partners.merging(more) { $1 },
                passing: socket.descriptor
            )
        }

        private struct Offers {
            let own: [String]
            let partners: [String]
            let prices: [Double]
            let incomplete: [String]

            init(_ answer: Answer) throws {
                let rooms = try #require(answer.json?["rooms"]?.array, "\(answer.status) \(answer.text)")
                own = rooms.filter { $0["hotel"] == nil }.compactMap { $0["id"]?.string }
                partners = rooms.compactMap { room in
                    room["hotel"]?.string.flatMap { hotel in room["id"]?.string.map { "\(hotel) \($0)" } }
                }
                prices = rooms.compactMap { $0["pricePerNight"]?["amount"]?.string.flatMap { Double($0) } }
                incomplete = try #require(answer.json?["incomplete"]?.array).compactMap(\.string)
            }
        }

        @Test(
            "sell each other's rooms, both ways, and are asked once for each answer: two that name each other do not ask on"
        )
        func bothWays() throws {
            let (first, second) = (try ListeningSocket(), try ListeningSocket())
            let north = try hotel(on: first, partner: "south", at: second.port)
            let south = try hotel(on: second, partner: "north", at: first.port)
            #expect(try north.answer(Hotel.booking(of: "101", inDays: Self.arrival)).status == 201)

            let atNorth = try north.answer(.get(Self.target))
            let ofNorth = try Offers(atNorth)
            #expect(atNorth.status == 200)
            #expect(!ofNorth.own.contains("101"))
            #expect(ofNorth.own.count == 9)
            #expect(ofNorth.partners.contains("south 101"))
            #expect(ofNorth.partners.count == 10)
            #expect(ofNorth.prices == ofNorth.prices.sorted(), "cheapest first")
            #expect(ofNorth.incomplete == [])
            let ofSouth = try Offers(south.answer(.get(Self.target)))
            #expect(ofSouth.own.count == 10)
            #expect(!ofSouth.partners.contains("north 101"))
            #expect(ofSouth.partners.count == 9)
            #expect(ofSouth.incomplete == [])

            let id = try #require(atNorth["X-Request-ID"])
            let asked = try south.log.waitForRequest { $0["requestId"]?.string == id }
            #expect(asked["path"]?.string == "/v1/availability", "the request's id goes with it")
            for service in [north, south] {
                service.stop()
                let questions = service.log.requests.filter { $0["path"]?.string == "/v1/availability" }
                #expect(questions.count == 2, "one by a client, one by the other hotel")
            }
        }

        @Test("that are gone, frozen or broken are named, and the answer comes in time with what there is")
        func incomplete() throws {
            let (first, second) = (try ListeningSocket(), try ListeningSocket())
            let north = try hotel(on: first, partner: "south", at: second.port, ["PARTNER_TIMEOUT": "400ms"])
            do {
                let south = try hotel(on: second, partner: "north", at: first.port)
                #expect(try Offers(north.answer(.get(Self.target))).incomplete == [])
                for pid in [south.supervisor] + south.workers { kill(pid, SIGSTOP) }
                let frozen = try Offers(north.answer(.get(Self.target)))
                #expect(frozen.own.count == 10)
                #expect(frozen.partners == [])
                #expect(frozen.incomplete == ["south"])
                for pid in [south.supervisor] + south.workers { kill(pid, SIGCONT) }
                #expect(try Offers(north.answer(.get(Self.target))).incomplete == [])
                south.stop()
            }
            // What listens still has nobody who accepts.
            #expect(try Offers(north.answer(.get(Self.target))).incomplete == ["south"])
            let told = try north.log.wait(for: "partners incomplete")
            #expect(told["partners"]?.string == "south")
            #expect(told["cause"]?.string?.isEmpty == false)
            north.stop()
        }

        @Test("leave some of the request's time for the answer, whatever they are allowed")
        func deadline() throws {
            let (first, silent) = (try ListeningSocket(), try ListeningSocket())
            let times = ["PARTNER_TIMEOUT": "60s", "REQUEST_TIMEOUT": "5s"]
            let north = try hotel(on: first, partner: "silent", at: silent.port, times)
            let began = ContinuousClock.now
            let offers = try Offers(north.answer(.get(Self.target)))
            let took = (ContinuousClock.now - began).inSeconds
            #expect(offers.own.count == 10)
            #expect(offers.incomplete == ["silent"])
            #expect(took >= 4 && took < 5, "\(took) s: they get most of the time, and not all of it")
            north.stop()
        }

        @Test(
            "are waited for without a snapshot: SQLite's log can be cut meanwhile, also when requests came in together"
        )
        func noSnapshot() throws {
            let (first, silent) = (try ListeningSocket(), try ListeningSocket())
            let settings = ["PARTNER_TIMEOUT": "10s", "CHECKPOINTS": "external"]
            let north = try hotel(on: first, partner: "silent", at: silent.port, settings, workers: 1)
            let connections = try (0..<4).map { _ in try north.connect() }
            for connection in connections { #expect(connection.exchange(.get("/v1/rooms/101")).status == 200) }
            // What is sent while the worker stands still arrives together.
            let worker = try #require(north.workers.first)
            kill(worker, SIGSTOP)
            for connection in connections { #expect(connection.send(Request.get(Self.target).bytes)) }
            kill(worker, SIGCONT)
            let calls = try (0..<connections.count).map { _ in try silent.accept() }
            defer { for call in calls { close(call) } }

            let database = try Database(north.databasePath)
            try database.query("UPDATE room SET name = name || '!' WHERE id = '101'")
            // Much less than the partner is waited for.
            try database.query("PRAGMA busy_timeout = 1000")
            let checkpoint = try database.query("PRAGMA wal_checkpoint(TRUNCATE)")
            #expect(checkpoint.first?.first == "0", "nobody is in the way: \(checkpoint)")
        }
    }
}
