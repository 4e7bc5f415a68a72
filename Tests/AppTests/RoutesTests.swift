import HTTPServer
import HTTPTypes
import Prefork
import Stays
import Testing

@testable import App

@Suite("The routes")
struct RoutesTests {
    private func router(
        failure: StoreError? = nil,
        readiness: StoreReadiness = .ready,
        isLeaving: Bool = false,
        keys: [String] = []
    ) -> Router {
        Router(
            Services(
                stores: PerThread { StubStore(failure: failure, readiness: readiness) },
                now: { Timestamp(unixSeconds: 1_795_490_055) },
                isLeaving: { isLeaving },
                apiKeys: keys.compactMap { APIKey($0) }
            )
        )
    }

    private func text(_ response: Response) -> String {
        switch response.body {
        case .empty: ""
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .string(let text): text
        case .static(let text): text.description
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

    @Test(
        "a failing store is an honest status, and its cause stays out of the answer",
        arguments: [
            (StoreError.busy(retryAfter: .seconds(3)), 503, "3"),
            (.unavailable(reason: "secret/path", remedy: "secret"), 503, "5"), (.unprepared("secret"), 503, "5"),
            (.full("secret"), 503, "60"), (.readOnly("secret"), 503, "60"), (.corrupted("secret"), 500, nil),
            (.failed("secret"), 500, nil),
        ] as [(StoreError, Int, String?)]
    )
    func failingStore(failure: StoreError, status: Int, retryAfter: String?) throws {
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

    @Test("readiness says no with every reason, liveness does not care")
    func readiness() throws {
        let router = router(readiness: .unready(.unavailable(reason: "secret/path", remedy: "secret")), isLeaving: true)
        let ready = router.respond(to: try Request(.get, "/readyz"))
        #expect(ready.status == .serviceUnavailable)
        #expect(
            text(ready) == #"{"ready":false,"reasons":["this worker is about to leave","the store cannot be reached"]}"#
        )
        #expect(router.respond(to: try Request(.get, "/livez")).status == .ok)
        #expect(text(self.router().respond(to: try Request(.get, "/readyz"))) == #"{"ready":true}"#)
    }

    @Test("a store that can only be read is a warning: without any instance nobody could even read")
    func readableStore() throws {
        let router = router(readiness: .readable(obstacle: .full("secret")))
        let answer = router.respond(to: try Request(.get, "/readyz"))
        #expect(answer.status == .ok)
        #expect(text(answer) == #"{"ready":true,"warnings":["the store is full"]}"#)
    }

    @Test("with API keys /v1 wants one of them, and nothing else does")
    func keys() throws {
        let router = router(keys: ["first-key-0123456789", "second-key-0123456789"])
        func status(_ target: String, _ authorization: String?) throws -> Int {
            let fields: HTTPFields = authorization.map { [.authorization: $0] } ?? [:]
            return router.respond(to: try Request(.get, target, headerFields: fields)).status.code
        }
        for route in router.routes where route.pattern.hasPrefix("/v1/") && route.method == .get {
            let target = route.pattern.replacing("{id}", with: "101")
            #expect(try status(target, nil) == 401, "\(route.pattern)")
        }
        #expect(try status("/v1/rooms", "Bearer first-key-0123456789") == 200)
        #expect(try status("/v1/rooms", "bearer second-key-0123456789") == 200)
        #expect(try status("/v1/rooms", "Bearer first-key-012345678") == 401)
        #expect(try status("/v1/rooms", "Bearer first-key-01234567890") == 401)
        #expect(try status("/v1/rooms", "Basic first-key-0123456789") == 401)
        #expect(try status("/livez", nil) == 200)
        #expect(try status("/readyz", nil) == 200)
        let refused = router.respond(to: try Request(.get, "/v1/rooms"))
        #expect(refused.headerFields[.wwwAuthenticate] == "Bearer")
    }

    @Test("every kind of problem is explained at its address")
    func problems() throws {
        for type in ProblemType.allCases {
            let response = router().respond(to: try Request(.get, type.problem().type))
            #expect(response.status == .ok)
            #expect(text(response).contains(type.explanation))
        }
        #expect(router().respond(to: try Request(.get, "/problems/none")).status == .notFound)
    }

    @Test("the index lists every other route")
    func index() throws {
        let index = text(router().respond(to: try Request(.get, "/")))
        for route in router().routes where route.pattern != "/" {
            #expect(index.contains("\(route.method.rawValue) \(route.pattern)\n"))
        }
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
}
