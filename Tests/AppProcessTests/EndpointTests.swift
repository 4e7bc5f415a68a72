import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The endpoints over the wire")
    struct EndpointTests {
        /// One service for a whole table: each row is a request and what must come back.
        struct Row: Sendable {
            let name: String
            let request: Request
            let status: Int
            var fields: [String: String] = [:]
            /// Fields that the problem document must name.
            var faults: [String] = []
            var type: String?
        }

        private func hold(_ service: Service, to rows: [Row]) throws {
            for row in rows {
                let answer = try service.answer(row.request)
                #expect(answer.status == row.status, "\(row.name): \(answer.text)")
                #expect(answer["X-Request-ID"] != nil, "\(row.name)")
                #expect(answer["Date"]?.hasSuffix(" GMT") == true, "\(row.name)")
                for (name, value) in row.fields { #expect(answer[name] == value, "\(row.name): \(name)") }
                guard answer.status >= 400, row.request.method != "HEAD" else { continue }
                #expect(answer["Content-Type"] == "application/problem+json", "\(row.name)")
                let problem = answer.json
                #expect(problem?["status"]?.int == answer.status, "\(row.name): \(answer.text)")
                #expect(problem?["title"]?.string?.isEmpty == false, "\(row.name): \(answer.text)")
                #expect(problem?["type"]?.string?.isEmpty == false, "\(row.name): \(answer.text)")
                #expect(problem?["requestId"]?.string == answer["X-Request-ID"], "\(row.name): \(answer.text)")
                if let type = row.type { #expect(problem?["type"]?.string == type, "\(row.name)") }
                let named = Set(problem?["errors"]?.array?.compactMap { $0["field"]?.string } ?? [])
                #expect(named == Set(row.faults), "\(row.name): \(answer.text)")
            }
        }

        @Test("reading: rooms, availability, pages, probes, methods")
        func reading() throws {
            let service = try Service(.app)
            let hotel = try Hotel(of: service)
            let (from, to) = (Hotel.date(inDays: 30), Hotel.date(inDays: 32))
            let json = ["Content-Type": "application/json"]
            try hold(
                service,
                to: [
                    Row(name: "rooms", request: .get("/v1/rooms"), status: 200, fields: json),
                    Row(name: "a room", request: .get("/v1/rooms/\(hotel.rooms[0])"), status: 200, fields: json),
                    Row(name: "no such room", request: .get("/v1/rooms/no-such-room"), status: 404),
                    Row(name: "no such path", request: .get("/v1/nothing"), status: 404),
                    Row(name: "an empty segment", request: .get("/v1//rooms"), status: 404),
                    Row(name: "a dot segment", request: .get("/v1/rooms/../rooms"), status: 400),
                    Row(name: "an encoded dot segment", request: .get("/v1/%2e%2e/rooms"), status: 400),
                    Row(name: "an encoded slash", request: .get("/v1/rooms/a%2Fb"), status: 400),
                    Row(name: "a NUL", request: .get("/v1/rooms/%00"), status: 400),
                    Row(name: "half an escape", request: .get("/v1/rooms/%2"), status: 400),
                    Row(
                        name: "availability",
                        request: .get("/v1/availability?from=\(from)&to=\(to)&guests=2"),
                        status: 200,
                        fields: json
                    ),
                    Row(
                        name: "availability of nothing",
                        request: .get("/v1/availability"),
                        status: 422,
                        faults: ["from", "to", "guests"]
                    ),
                    Row(
                        name: "availability of nonsense",
                        request: .get("/v1/availability?from=2027-02-30&to=soon&guests=-1"),
                        status: 422,
                        faults: ["from", "to", "guests"]
                    ),
                    Row(
                        name: "malformed escapes in the query",
                        request: .get("/v1/availability?from=%zz&to=\(to)&guests=2"),
                        status: 400
                    ),
                    Row(name: "bookings", request: .get("/v1/bookings"), status: 200, fields: json),
                    Row(name: "limit 0", request: .get("/v1/bookings?limit=0"), status: 422, faults: ["limit"]),
                    Row(name: "limit 101", request: .get("/v1/bookings?limit=101"), status: 422, faults: ["limit"]),
                    Row(name: "limit x", request: .get("/v1/bookings?limit=x"), status: 422, faults: ["limit"]),
                    Row(name: "cursor x", request: .get("/v1/bookings?cursor=x"), status: 422, faults: ["cursor"]),
                    Row(name: "no such booking", request: .get("/v1/bookings/no-such-booking"), status: 404),
                    Row(name: "alive", request: .get("/livez"), status: 200),
                    Row(name: "ready", request: .get("/readyz"), status: 200, fields: json),
                    Row(
                        name: "POST to rooms",
                        request: .post("/v1/rooms", json: "{}"),
                        status: 405,
                        fields: ["Allow": "GET, HEAD, OPTIONS"]
                    ),
                    Row(
                        name: "DELETE of rooms",
                        request: Request(method: "DELETE", target: "/v1/rooms"),
                        status: 405,
                        fields: ["Allow": "GET, HEAD, OPTIONS"]
                    ),
                    Row(name: "HEAD", request: Request(method: "HEAD", target: "/v1/rooms"), status: 200, fields: json),
                    Row(name: "OPTIONS", request: Request(method: "OPTIONS", target: "/v1/rooms"), status: 204),
                    Row(name: "an unknown method", request: Request(method: "BREW", target: "/v1/rooms"), status: 501),
                ]
            )
            service.stop()
        }

        @Test("booking: what is wrong is named, field by field")
        func booking() throws {
            let service = try Service(.app)
            let hotel = try Hotel(of: service)
            let room = hotel.rooms[0]
            let (from, to) = (Hotel.date(inDays: 30), Hotel.date(inDays: 32))
            func body(
                room: String? = nil,
                from: String? = nil,
                to: String? = nil,
                guests: String = "1",
                guest: String = #"{"name":"Ada Lovelace","email":"ada@example.org"}"#
            ) -> String {
                """
                {"roomId":"\(room ?? hotel.rooms[0])","from":"\(from ?? Hotel.date(inDays: 30))",\
                "to":"\(to ?? Hotel.date(inDays: 32))","guests":\(guests),"guest":\(guest)}
                """
            }
            func row(_ name: String, _ json: String, _ status: Int, faults: [String] = [], type: String? = nil) -> Row {
                Row(name: name, request: .post("/v1/bookings", json: json), status: status, faults: faults, type: type)
            }
            try hold(
                service,
                to: [
                    row("not JSON", "{", 400),
                    row("nothing", "", 400),
                    row("a member without a value", #"{"roomId":}"#, 400),
                    row("not an object", "[]", 400),
                    row("an unknown room", body(room: "no-such-room"), 422, faults: ["roomId"]),
                    row("a date that is none", body(from: "2027-02-30"), 422, faults: ["from"]),
                    row("the past", body(from: "2020-01-01", to: "2020-01-02"), 422, faults: ["from"]),
                    row("no night", body(from: from, to: from), 422, faults: ["to"]),
                    row("backwards", body(from: to, to: from), 422, faults: ["to"]),
                    row("too many nights", body(to: Hotel.date(inDays: 61)), 422, faults: ["to"]),
                    row("nobody", body(guests: "0"), 422, faults: ["guests"]),
                    row("too many for the room", body(guests: "99"), 422, faults: ["guests"]),
                    row(
                        "no name, no address",
                        body(guest: #"{"name":" ","email":"nowhere"}"#),
                        422,
                        faults: ["guest.name", "guest.email"]
                    ),
                    Row(
                        name: "another media type",
                        request: Request(
                            method: "POST",
                            target: "/v1/bookings",
                            fields: [("Content-Type", "text/plain")],
                            body: Array(body().utf8)
                        ),
                        status: 415
                    ),
                    Row(
                        name: "no media type",
                        request: Request(method: "POST", target: "/v1/bookings", body: Array(body().utf8)),
                        status: 415
                    ),
                    Row(
                        name: "a key with a control character",
                        request: .post("/v1/bookings", json: body(), [("Idempotency-Key", "a\tb")]),
                        status: 400
                    ),
                    row("good", body(), 201),
                    row("good, but taken", body(), 409, type: "/problems/nights-taken"),
                    row("taken in part", body(from: Hotel.date(inDays: 31), to: Hotel.date(inDays: 33)), 409),
                    row("from the day of departure", body(from: to, to: Hotel.date(inDays: 33)), 201),
                    row(
                        "everything wrong",
                        #"{"guests":"two","guest":{}}"#,
                        422,
                        faults: [
                            "roomId", "from", "to", "guests", "guest.name", "guest.email",
                        ]
                    ),
                ]
            )
            #expect(room == hotel.rooms[0])
            service.stop()
        }

        @Test("a booking's life: created, read, listed, replayed, cancelled, free again")
        func life() throws {
            let service = try Service(.app)
            let hotel = try Hotel(of: service)
            let room = hotel.rooms[0]
            let request = Hotel.booking(of: room, inDays: 35, nights: 2, key: "life-1")

            let created = try service.answer(request)
            #expect(created.status == 201)
            let id = try #require(created.json?["id"]?.string)
            #expect(created["Location"] == "/v1/bookings/\(id)")
            #expect(created["ETag"] == "\"1\"")
            #expect(created["Idempotency-Replayed"] == nil)
            #expect(created.json?["roomId"]?.string == room)
            #expect(created.json?["from"]?.string == Hotel.date(inDays: 35))
            #expect(created.json?["to"]?.string == Hotel.date(inDays: 37))
            #expect(created.json?["guests"]?.int == 1)
            #expect(created.json?["guest"]?["email"]?.string == "ada@example.org")
            #expect(created.json?["status"]?.string == "confirmed")
            #expect(created.json?["version"]?.int == 1)
            #expect(created.json?["createdAt"]?.string?.hasSuffix("Z") == true)
            let price = try service.answer(.get("/v1/rooms/\(room)")).json?["pricePerNight"]
            let perNight = try #require(Double(price?["amount"]?.string ?? ""))
            #expect(Double(created.json?["total"]?["amount"]?.string ?? "") == perNight * 2)
            #expect(created.json?["total"]?["currency"] == price?["currency"])

            let replayed = try service.answer(request)
            #expect(replayed.status == 201)
            #expect(replayed.body == created.body)
            #expect(replayed["Idempotency-Replayed"] == "true")
            let reused = try service.answer(Hotel.booking(of: room, inDays: 38, key: "life-1"))
            #expect(reused.status == 422)
            #expect(reused.json?["type"]?.string == "/problems/idempotency-key-reused")

            let target = "/v1/bookings/\(id)"
            let read = try service.answer(.get(target))
            #expect(read.status == 200)
            #expect(read["ETag"] == "\"1\"")
            #expect(read.json == created.json)
            let unchanged = try service.answer(.get(target, [("If-None-Match", "\"1\"")]))
            #expect(unchanged.status == 304)
            #expect(unchanged["ETag"] == "\"1\"")
            #expect(unchanged.body.isEmpty)
            #expect(try service.answer(.get(target, [("If-None-Match", "\"7\"")])).status == 200)
            #expect(try service.answer(.get(target, [("If-None-Match", "\"a,b\", W/\"1\"")])).status == 304)
            #expect(try service.answer(.get("/v1/bookings?room=\(room)")).text.contains(id))
            #expect(!isFree(room, inDays: 35, nights: 2, service))

            func cancel(_ match: String?, _ target: String = target) throws -> Answer {
                try service.answer(
                    Request(method: "DELETE", target: target, fields: match.map { [("If-Match", $0)] } ?? [])
                )
            }
            #expect(try cancel(nil).status == 428)
            for stale in ["\"7\"", "W/\"1\"", "\"7\",", "\"a,b\""] {
                #expect(try cancel(stale).status == 412, "\(stale)")
            }
            for malformed in ["1", "\"1", "*, \"1\""] { #expect(try cancel(malformed).status == 400, "\(malformed)") }
            #expect(try cancel("*", "/v1/bookings/no-such-booking").status == 404)
            let cancelled = try cancel("\"1\",")
            #expect(cancelled.status == 200)
            #expect(cancelled.json?["status"]?.string == "cancelled")
            #expect(cancelled["ETag"] == "\"2\"")
            #expect(try cancel("\"1\"").status == 412)
            for match in ["*", "\"2\""] {
                let again = try cancel(match)
                #expect(again.status == 200)
                #expect(again["ETag"] == "\"2\"")
                #expect(again.body == cancelled.body)
            }
            #expect(isFree(room, inDays: 35, nights: 2, service))
            let late = try service.answer(request)
            #expect(late.status == 201)
            #expect(late.body == created.body, "the first answer again, as it was then")
            #expect(try service.answer(Hotel.booking(of: room, inDays: 35)).status == 201)
            service.stop()
        }

        private func isFree(_ room: String, inDays days: Int, nights: Int, _ service: Service) -> Bool {
            let query = "from=\(Hotel.date(inDays: days))&to=\(Hotel.date(inDays: days + nights))&guests=1"
            let rooms = (try? service.answer(.get("/v1/availability?\(query)")))?.json?["rooms"]?.array ?? []
            return rooms.contains { $0["id"]?.string == room }
        }

        @Test("pages: every booking once, newest first, and the link to the next is the cursor's")
        func pages() throws {
            let service = try Service(.app)
            let hotel = try Hotel(of: service)
            var made: [String] = []
            for days in 0..<7 {
                let answer = try service.answer(Hotel.booking(of: hotel.rooms[0], inDays: 100 + days))
                made.append(try #require(answer.json?["id"]?.string))
            }
            var listed: [String] = []
            var target = "/v1/bookings?limit=3&room=\(hotel.rooms[0])"
            var pages = 0
            while pages < 20 {
                let answer = try service.answer(.get(target))
                #expect(answer.status == 200)
                let page = try #require(answer.json?["bookings"]?.array?.compactMap { $0["id"]?.string })
                listed += page
                pages += 1
                guard let next = answer.json?["next"]?.string else {
                    #expect(answer["Link"] == nil)
                    break
                }
                #expect(page.count == 3)
                let link = try #require(answer["Link"])
                #expect(link.contains("rel=\"next\""))
                #expect(link.contains(next))
                target = String(link.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
            }
            #expect(Set(listed).count == listed.count)
            #expect(Array(listed.prefix(7)) == made.reversed())
            service.stop()
        }

        @Test("limits: line, fields, body, each with its status, and the connection is closed behind it")
        func limits() throws {
            let service = try Service(.app)
            let head = "GET /v1/rooms HTTP/1.1\r\nHost: localhost\r\n"
            let huge = String(repeating: "a", count: 70_000)
            let cases: [(String, String, Int)] = [
                ("a long target", "GET /\(huge) HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
                ("a long field", head + "X: \(huge)\r\n\r\n", 431),
                ("many fields", head + String(repeating: "X: 1\r\n", count: 500) + "\r\n", 431),
                (
                    "a large body", "POST /v1/bookings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n",
                    413
                ),
                ("no host", "GET /v1/rooms HTTP/1.1\r\n\r\n", 400),
                (
                    "two lengths",
                    "POST /v1/bookings HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400
                ),
                (
                    "a length and chunks",
                    "POST /v1/bookings HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    400
                ),
                ("HTTP/2", "GET /v1/rooms HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
                ("another protocol", "hello\r\n\r\n", 400),
            ]
            for (name, text, status) in cases {
                let connection = try service.connect()
                connection.send(text)
                let outcome = connection.receive()
                #expect(outcome.status == status, "\(name): \(outcome)")
                #expect(outcome.answer?.closesConnection == true, "\(name)")
                switch connection.receiveEnd() {
                case .closedWithoutAnswer: break
                case let other: Issue.record("\(name): \(other)")
                }
            }
            service.stop()
        }

        @Test("what a client causes is in the access log, and no error of the service")
        func clientErrors() throws {
            let service = try Service(.app, workers: 1)
            let cases = [
                ("BREW /v1/rooms HTTP/1.1\r\nHost: a\r\n\r\n", 501),
                ("POST /v1/bookings HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
                ("GET /v1/rooms HTTP/2.0\r\nHost: a\r\n\r\n", 505),
                (String(repeating: "A", count: 100), 501),
            ]
            for (text, status) in cases {
                let connection = try service.connect()
                connection.send(text)
                let outcome = connection.receive()
                #expect(outcome.status == status)
                let id = try #require(outcome.answer?["X-Request-ID"])
                // An error event would come before the request's own.
                let access = try service.log.waitForRequest { $0["requestId"]?.string == id }
                #expect(access["status"]?.int == status)
            }
            #expect(service.log.events.filter { $0.level == "error" }.map(\.line) == [])
            service.stop()
        }

        @Test("pipelined requests are answered in order on one connection")
        func pipelining() throws {
            let service = try Service(.app)
            let connection = try service.connect()
            connection.send((0..<20).flatMap { Request.get("/v1/rooms", [("X-Request-ID", "pipe-\($0)")]).bytes })
            for turn in 0..<20 {
                let answer = connection.receive().answer
                #expect(answer?.status == 200)
                #expect(answer?["X-Request-ID"] == "pipe-\(turn)")
            }
            service.stop()
        }

        @Test("a booking of 60 KB is taken, in one piece or in chunks, and one of 70 KB is too large for its route")
        func largeBody() throws {
            let service = try Service(.app)
            let room = try Hotel(of: service).rooms[0]
            #expect(try service.answer(Hotel.booking(of: room, inDays: 70, padding: 60_000)).status == 201)
            #expect(try service.answer(Hotel.booking(of: room, inDays: 73, padding: 70_000)).status == 413)

            let request = Hotel.booking(of: room, inDays: 71, padding: 60_000)
            let connection = try service.connect()
            connection.send(
                "POST /v1/bookings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n"
            )
            var rest = request.body![...]
            while !rest.isEmpty {
                let piece = rest.prefix(10_000)
                rest = rest.dropFirst(10_000)
                connection.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
            }
            connection.send("0\r\n\r\n")
            #expect(connection.receive().status == 201)
            service.stop()
        }

        @Test("a client without a key is refused before it is told to go on, and before its body")
        func expectationWithoutKey() throws {
            let key = "a-key-of-20-characters"
            let service = try Service(.app, environment: ["API_KEYS": apiKeyEntry(key)])
            for fields in ["Content-Length: 60000\r\nExpect: 100-continue\r\n", "Content-Length: 60000\r\n"] {
                let connection = try service.connect()
                connection.send("POST /v1/bookings HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
                let answer = connection.receive().answer
                #expect(answer?.status == 401)
                #expect(answer?["WWW-Authenticate"] == "Bearer")
                #expect(answer?.closesConnection == true)
            }
            let connection = try service.connect()
            connection.send(
                "POST /v1/bookings HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\n"
                    + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(connection.receive().status == 100)
            service.stop()
        }

        @Test("a client that expects 100-continue is told to go on")
        func expectation() throws {
            let service = try Service(.app)
            let room = try Hotel(of: service).rooms[0]
            let body = Hotel.booking(of: room, inDays: 72).body!
            let connection = try service.connect()
            connection.send(
                "POST /v1/bookings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: \(body.count)\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(connection.receive().status == 100)
            connection.send(body)
            #expect(connection.receive().status == 201)
            service.stop()
        }
    }
}
