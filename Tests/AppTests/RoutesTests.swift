import HTTPServer
import HTTPTypes
import SQL
import Stays
import Synchronization
import Testing
import Values

@testable import App
@testable import Panal

@Suite("The routes")
struct RoutesTests {
    /// How often a handler has asked for the store: whether it has run.
    private final class Calls: Sendable {
        private let count = Mutex(0)
        var isEmpty: Bool { count.withLock { $0 == 0 } }
        func add() { count.withLock { $0 += 1 } }
        func removeAll() { count.withLock { $0 = 0 } }
    }

    private func router(failure: DatabaseError? = nil, keys: [String] = [], calls: Calls = Calls()) -> Router {
        let hotel = Hotel(
            store: { _ in
                calls.add()
                return StubStore(failure: failure)
            },
            now: { Timestamp(unixSeconds: 1_795_490_055) }
        )
        let entries = keys.compactMap { APIKey($0, name: "tester", scopes: [.read, .write])?.entry }
        guard let keys = APIKeys(entries.joined(separator: ",")) else { preconditionFailure("no keys") }
        var router = Router(admission: AccessControl(keys: keys, limiters: RateLimiters(), now: hotel.now).admission)
        router.addHotel(hotel)
        return router
    }

    private func text(_ response: Response) -> String {
        switch response.body {
        case .empty: ""
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .string(let text): text
        case .static(let text): text.description
        case .stream: ""
        }
    }

    @Test("a room is written as the contract says")
    func room() throws {
        let response = router().respond(to: try Request(.get, "/v1/rooms/101"))
        #expect(response.status == .ok)
        let json =
            #"{"id":"101","name":"Garden Room","capacity":2,"pricePerNight":{"amount":"120.00","currency":"EUR"}}"#
        #expect(text(response) == json)
    }

    @Test("every room is written by hand as it would be encoded, with what is said of a stay beside it")
    func encodedRoom() throws {
        for room in SampleHotel.rooms {
            let encoded = text(try .json(room))
            #expect(text(.json { json in json.room(room) }) == encoded)
            let departure = try #require(CivilDate.example.adding(days: 3))
            let stay = try #require(Stay(from: .example, to: departure))
            let offer = text(.json { json in json.room(room, for: stay, of: "sea-view") })
            let total = text(try .json(room.price(of: stay)))
            #expect(offer == encoded.dropLast() + #","total":\#(total),"hotel":"sea-view"}"#)
        }
    }

    @Test("every route says what it takes and answers")
    func operations() throws {
        let routes = try SampleService().router.routes
        #expect(routes.filter { $0.operation == nil }.map { "\($0.method) \($0.pattern)" } == [])
    }

    @Test(
        "a failing store is an honest status, and its cause stays out of the answer",
        arguments: [
            (DatabaseError.busy(retryAfter: .seconds(3)), 503, "3"),
            (.unavailable(reason: "secret/path", remedy: "secret"), 503, "5"), (.unprepared("secret"), 503, "5"),
            (.full("secret"), 503, "60"), (.readOnly("secret"), 503, "60"), (.corrupted("secret"), 500, nil),
            (.failed("secret"), 500, nil), (.violated(.unique, "secret"), 409, nil),
            (.violated(.check, "secret"), 500, nil),
        ] as [(DatabaseError, Int, String?)]
    )
    func failingStore(failure: DatabaseError, status: Int, retryAfter: String?) throws {
        let json =
            #"{"roomId":"101","from":"2030-01-10","to":"2030-01-12","guests":2,"#
            + #""guest":{"name":"Ada","email":"ada@example.org"}}"#
        let id = "0123456789abcdefghjkmnpqrs"
        let requests = [
            try Request(.get, "/v1/rooms"), try Request(.get, "/v1/rooms/101"),
            try Request(.get, "/v1/availability?from=2030-01-10&to=2030-01-12&guests=2"),
            try Request(.get, "/v1/bookings"), try Request(.get, "/v1/bookings/\(id)"),
            try Request(.delete, "/v1/bookings/\(id)", headerFields: [.ifMatch: "*"]),
            try Request(
                .post,
                "/v1/bookings",
                headerFields: [.contentType: "application/json"],
                body: Array(json.utf8)
            ),
        ]
        for request in requests {
            let response = router(failure: failure).respond(to: request)
            #expect(response.status.code == status, "\(request.target)")
            #expect(response.headerFields[.retryAfter] == retryAfter)
            #expect(response.contentType == .problem)
            #expect(!text(response).contains("secret"))
        }
    }

    private static let key = "first-key-0123456789"
    private static let otherKey = "second-key-0123456789"
    /// What anybody may ask, keys or not.
    private static let publicPatterns: Set = ["/", "/docs", "/livez", "/openapi.json", "/problems/{name}", "/readyz"]

    /// A request that has all that any route of ours looks for, so that nothing but a key can be missing.
    private func request(_ method: HTTPRequest.Method, _ pattern: String, _ authorization: String?) throws -> Request {
        let json =
            #"{"roomId":"101","from":"2030-01-10","to":"2030-01-12","guests":2,"#
            + #""guest":{"name":"Ada","email":"ada@example.org"}}"#
        var fields: HTTPFields = [.contentType: "application/json", .ifMatch: "*"]
        fields[.authorization] = authorization
        let path = pattern.replacing("{id}", with: "0123456789abcdefghjkmnpqrs").replacing("{name}", with: "stale")
        let target = path + "?from=2030-01-10&to=2030-01-12&guests=2"
        return try Request(method, target, headerFields: fields, body: Array(json.utf8))
    }

    @Test("without a key nobody but a prober or a reader of problems gets to a handler, by whatever method")
    func keyless() throws {
        let refused = [
            nil, "", "Bearer", "Bearer ", "Bearer unknown-key-0123456789", "Bearer \(Self.key)x", "Bearer x\(Self.key)",
            "Bearer \(Self.key.dropLast())", "Bearer\(Self.key)", "Bearer\t\(Self.key)", "Bearer=\(Self.key)", Self.key,
            "Basic \(Self.key)", "Bearer \(Self.key), Bearer \(Self.otherKey)", "Bearer \(Self.key) \(Self.otherKey)",
            "Bearer \"\(Self.key)\"", "Bearer \(Self.key.uppercased())",
        ]
        for pattern in Set(router().routes.map(\.pattern)) {
            let calls = Calls()
            let router = router(keys: [Self.key, Self.otherKey], calls: calls)
            let methods = Set(router.routes.filter { $0.pattern == pattern }.map(\.method))
            for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete, .options, .trace] {
                for authorization in refused {
                    let answer = router.respond(to: try request(method, pattern, authorization))
                    let name = "\(method) \(pattern) with \(authorization ?? "no Authorization")"
                    if methods.contains(method) || method == .head && methods.contains(.get) {
                        #expect(answer.status == .unauthorized, "\(name)")
                        #expect(answer.headerFields[.wwwAuthenticate]?.hasPrefix("Bearer") == true, "\(name)")
                        #expect(answer.contentType == .problem, "\(name)")
                    } else {
                        // What a path answers may be known; the router says it, and no handler is asked.
                        #expect(answer.status == (method == .options ? .noContent : .methodNotAllowed), "\(name)")
                        #expect(answer.headerFields[.allow]?.contains("OPTIONS") == true, "\(name)")
                    }
                    #expect(calls.isEmpty, "\(name) ran a handler")
                }
            }
            for method in methods {
                calls.removeAll()
                let answer = router.respond(to: try request(method, pattern, "Bearer \(Self.key)"))
                #expect(answer.status != .unauthorized, "\(method) \(pattern)")
                #expect(!calls.isEmpty, "\(method) \(pattern) with a key asks the store")
            }
        }
    }

    @Test("what is public is this and no more; it needs no key, and a service without keys asks for none")
    func open() throws {
        let service = try SampleService(keys: [Self.key])
        let closed = service.router
        let outside = closed.routes.filter { !$0.pattern.hasPrefix("/v1/") }
        #expect(
            outside.map { "\($0.method) \($0.pattern)" }.sorted() == Self.publicPatterns.sorted().map { "GET " + $0 }
        )
        for pattern in Self.publicPatterns {
            for authorization in [nil, "Bearer unknown-key-0123456789"] {
                #expect(closed.respond(to: try request(.get, pattern, authorization)).status == .ok, "\(pattern)")
            }
        }
        #expect(router().respond(to: try Request(.get, "/v1/rooms")).status == .ok)
    }

    @Test(
        "a key is one of several, behind any spelling of Bearer and any number of spaces",
        arguments: ["Bearer \(key)", "bearer \(otherKey)", "BEARER \(key)", "Bearer  \(key)", "bEARER     \(otherKey)"]
    )
    func keys(authorization: String) throws {
        let router = router(keys: [Self.key, Self.otherKey])
        #expect(router.respond(to: try request(.get, "/v1/rooms", authorization)).status == .ok)
    }

    @Test("a body of the wrong kind names every wrong member at once")
    func wrongKinds() throws {
        let json = #"{"roomId":101,"from":true,"to":[],"guests":"two","guest":{"name":1}}"#
        let request = try Request(
            .post,
            "/v1/bookings",
            headerFields: [.contentType: "application/json; charset=utf-8"],
            body: Array(json.utf8)
        )
        let response = router().respond(to: request)
        #expect(response.status.code == 422)
        for field in ["roomId", "from", "to", "guests", "guest.name", "guest.email"] {
            #expect(text(response).contains("\"field\":\"\(field)\""), "\(field)")
        }
    }

    @Test(
        "a body that is no JSON object is 400, another media type 415",
        arguments: ["", "{", "[]", "null", "{} {}", "1"]
    )
    func noObject(_ body: String) throws {
        func status(_ type: String?) throws -> Int {
            let fields: HTTPFields = type.map { [.contentType: $0] } ?? [:]
            let request = try Request(.post, "/v1/bookings", headerFields: fields, body: Array(body.utf8))
            return router().respond(to: request).status.code
        }
        #expect(try status("application/json") == 400)
        #expect(try status("text/plain") == 415)
        #expect(try status(nil) == 415)
    }

    // MARK: Partners

    /// Partners that always have the same to say.
    private struct StubPartners: PartnerHotels {
        let answer: PartnerAvailability
        func availability(_ query: AvailabilityQuery) -> PartnerAvailability { answer }
    }

    private func router(rooms: [Room], partners: PartnerAvailability?, failure: DatabaseError? = nil) -> Router {
        var hotel = Hotel(
            store: { _ in StubStore(failure: failure, free: rooms) },
            now: { Timestamp(unixSeconds: 1_795_490_055) }
        )
        if let partners { hotel.partners = { _ in StubPartners(answer: partners) } }
        var router = Router()
        router.addHotel(hotel)
        return router
    }

    private let question = "/v1/availability?from=2030-01-10&to=2030-01-12&guests=2"

    @Test("rooms of partners stand among ours, cheapest first, with their hotel's name, and who is missing is named")
    func partners() throws {
        let own = SampleHotel.rooms.filter { ["101", "103"].contains($0.id.text) }
        let theirs = try #require(SampleHotel.rooms.first { $0.id.text == "301" })
        let partners = PartnerAvailability(
            offers: [RoomOffer(room: theirs, hotel: "sea-view")],
            incomplete: ["slow", "broken \"one\""]
        )
        let answer = try router(rooms: own, partners: partners).respond(to: Request(.get, question))
        let json =
            #"{"from":"2030-01-10","to":"2030-01-12","guests":2,"rooms":["#
            + #"{"id":"103","name":"Lavender Single","capacity":1,"pricePerNight":{"amount":"79.00","currency":"EUR"},"#
            + #""total":{"amount":"158.00","currency":"EUR"}},"#
            + #"{"id":"301","name":"Skylight Single","capacity":1,"pricePerNight":{"amount":"85.00","currency":"EUR"},"#
            + #""total":{"amount":"170.00","currency":"EUR"},"hotel":"sea-view"},"#
            + #"{"id":"101","name":"Garden Room","capacity":2,"pricePerNight":{"amount":"120.00","currency":"EUR"},"#
            + #""total":{"amount":"240.00","currency":"EUR"}}],"incomplete":["slow","broken \"one\""]}"#
        #expect(text(answer) == json)
        let complete = try router(rooms: [], partners: PartnerAvailability(offers: [], incomplete: []))
            .respond(to: Request(.get, question))
        #expect(text(complete).hasSuffix(#""rooms":[],"incomplete":[]}"#))
    }

    @Test("without partners, and for a hotel whose partner we are, the answer has our rooms and no word of partners")
    func noPartners() throws {
        let own = SampleHotel.rooms.filter { $0.id.text == "103" }
        let json =
            #"{"from":"2030-01-10","to":"2030-01-12","guests":2,"rooms":["#
            + #"{"id":"103","name":"Lavender Single","capacity":1,"pricePerNight":{"amount":"79.00","currency":"EUR"},"#
            + #""total":{"amount":"158.00","currency":"EUR"}}]}"#
        let none = router(rooms: own, partners: nil)
        let some = router(rooms: own, partners: PartnerAvailability(offers: [], incomplete: ["never asked"]))
        #expect(text(none.respond(to: try Request(.get, question))) == json)
        #expect(text(none.respond(to: try Request(.get, question + "&partners=none"))) == json)
        #expect(text(some.respond(to: try Request(.get, question + "&partners=none"))) == json)
    }

    @Test("a store that fails is a failure also where partners would answer")
    func failingStoreWithPartners() throws {
        let partners = PartnerAvailability(offers: [], incomplete: [])
        let router = router(rooms: [], partners: partners, failure: .busy(retryAfter: .seconds(3)))
        #expect(router.respond(to: try Request(.get, question)).status == .serviceUnavailable)
    }
}
