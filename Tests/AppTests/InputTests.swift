import Foundation
import HTTPServer
import HTTPTypes
import Testing
import Values

@testable import App

/// What a client is told of what it sends; each test has a hotel of its own, in which it is November 2026.
@Suite("What clients send")
struct InputTests {
    private let service: SampleService

    init() throws { service = try SampleService() }

    private struct Answer: Decodable {
        struct Fault: Decodable {
            let field: String
            let detail: String
        }
        let errors: [Fault]?
    }

    private func faults(_ response: Response) throws -> [Answer.Fault] {
        guard response.status.code == 422 else { return [] }
        return try JSONDecoder().decode(Answer.self, from: Data(response.text.utf8)).errors ?? []
    }

    private func booking(_ changes: [String: Any?] = [:]) throws -> Response {
        var guest: [String: Any] = ["name": " Ada Lovelace ", "email": "ada@example.org"]
        var body: [String: Any] = ["roomId": "101", "from": "2027-01-10", "to": "2027-01-12", "guests": 2]
        for (field, value) in changes {
            if field.hasPrefix("guest.") { guest[String(field.dropFirst(6))] = value } else { body[field] = value }
        }
        if changes["guest"] == nil { body["guest"] = guest }
        let json = try JSONSerialization.data(withJSONObject: body)
        return try service.ask(.post, "/v1/bookings", json: String(decoding: json, as: UTF8.self))
    }

    private func fields(_ changes: [String: Any?]) throws -> [String] { try faults(booking(changes)).map(\.field) }

    private static let all = ["roomId", "from", "to", "guests", "guest.name", "guest.email"]

    @Test("a wish to book without a fault is booked, the name trimmed")
    func good() throws {
        let answer = try booking()
        #expect(answer.status == .created)
        #expect(answer.text.contains(#""guest":{"name":"Ada Lovelace","email":"ada@example.org"}"#))
    }

    @Test("with nothing in it names every field as missing, in the order of the fields")
    func empty() throws {
        let answer = try service.ask(.post, "/v1/bookings", json: #"{"guest":{}}"#)
        #expect(try faults(answer).map(\.field) == Self.all)
        #expect(try faults(answer).allSatisfy { $0.detail.hasPrefix("is missing; it must be") })
    }

    @Test("with every field wrong names every field and what it must be, and repeats nothing of it")
    func allWrong() throws {
        let answer = try booking([
            "roomId": "<script>", "from": "10.01.2027", "to": "2027-02-30", "guests": 0, "guest.name": "\u{1B}",
            "guest.email": "<script>",
        ])
        #expect(try faults(answer).map(\.field) == Self.all)
        #expect(try faults(answer).allSatisfy { $0.detail.hasPrefix("must be") })
        #expect(!answer.text.contains("<script>"))
    }

    @Test("with every field of the wrong kind names every field and the kind")
    func wrongKinds() throws {
        let answer = try booking([
            "roomId": 101, "from": true, "to": [String](), "guests": "two", "guest.name": 1, "guest.email": ["a": 1],
        ])
        #expect(try faults(answer).map(\.field) == Self.all)
        #expect(
            try faults(answer).map(\.detail) == [
                "must be a string", "must be a string", "must be a string", "must be a whole number",
                "must be a string", "must be a string",
            ]
        )
    }

    @Test(
        "with one fault names that one",
        arguments: [
            ("from", "from", nil), ("to", "to", "2027-01-10"), ("to", "to", "2027-01-09"), ("to", "to", "2027-02-10"),
            ("roomId", "roomId", ""), ("guest.name", "guest.name", ""), ("guest.email", "guest.email", "a@b"),
        ] as [(String, String, String?)]
    )
    func one(field: String, changed: String, value: String?) throws {
        #expect(try fields([changed: value]) == [field])
    }

    @Test("a number of guests is 1 to 20, and no more than the room sleeps", arguments: [0, 21, -1, 3])
    func guests(count: Int) throws {
        #expect(try fields(["guests": count]) == ["guests"])
    }

    @Test("1 to 30 nights are a stay")
    func nights() throws {
        #expect(try fields(["from": "2027-03-24", "to": "2027-03-25"]) == [])
        #expect(try fields(["from": "2027-04-24", "to": "2027-05-24"]) == [])
        #expect(try fields(["from": "2027-06-24", "to": "2027-07-25"]) == ["to"])
    }

    @Test(
        "names a guest's name that nobody could see",
        arguments: [
            "\u{200B}", "\u{2060}\u{FEFF}", "\u{115F}", "\u{1160}", "\u{3164}", "\u{FFA0}", "\u{2800}\u{2800}",
            "\u{FE0F}", "\u{E0100}", "\u{E0041}", "\u{301}", "\u{20DD}", "\u{903}", "\u{AD}", "\u{34F}", "\u{180E}",
            "\u{61C}", "\u{1D159}", "\u{13441}", "\u{200D}\u{200C}", "\u{3164} \u{200B}",
        ]
    )
    func invisible(name: String) throws {
        #expect(try fields(["guest.name": name]) == ["guest.name"])
    }

    @Test(
        "takes ordinary names in every script, with what joins their letters",
        arguments: [
            "Ada", "O", "Zoë", "李", "می‌خواهم", "👩‍👩‍👧", "❤️", "क्‍ष", "ประยุทธ์", "한글", "ᄒᆞᆫ", "שָׁלוֹם", "ᠮᠣᠩ\u{180B}", "葛\u{E0100}城",
            "\u{200E}Ada", "⠁⠙⠁", "e\u{301}", "𞤀𞤣𞤤𞤢𞤥", "1", "-", "٣",
        ]
    )
    func visible(name: String) throws {
        let answer = try booking(["guest.name": name])
        #expect(answer.status == .created)
        #expect(answer.text.contains("\"name\":\"\(name)\""))
    }

    private func available(_ query: String) throws -> [String] {
        try faults(service.ask(.get, "/v1/availability?" + query)).map(\.field)
    }

    @Test("a question for free rooms names an arrival before today, and a departure before that too")
    func past() throws {
        let today = CivilDate(unixSeconds: 1_795_490_055)
        let yesterday = try #require(today.adding(days: -1))
        let tomorrow = try #require(today.adding(days: 1))
        #expect(try available("from=\(yesterday)&to=\(tomorrow)&guests=1") == ["from"])
        #expect(try available("from=2020-01-10&to=2020-01-09&guests=1").sorted() == ["from", "to"])
        #expect(try available("from=\(today)&to=\(tomorrow)&guests=1") == [])
    }

    @Test(
        "a question for free rooms names the number of guests when it is no whole number from 1 to 20",
        arguments: ["", "0", "21", "-1", "%2B2", "2.0", "%202", "two", "%D9%A2", "0x2", "99999999999999999999"]
    )
    func queryGuests(text: String) throws {
        #expect(try available("from=2027-01-10&to=2027-01-12&guests=\(text)") == ["guests"])
    }

    @Test("a question for free rooms with nothing in it names all three")
    func emptyQuery() throws {
        #expect(try available("") == ["from", "to", "guests"])
    }

    @Test("a question for a page names each field that is wrong")
    func badPage() throws {
        func page(_ query: String) throws -> [String] {
            try faults(service.ask(.get, "/v1/bookings?" + query)).map(\.field)
        }
        #expect(try page("limit=101&cursor=x&room=X") == ["limit", "cursor", "room"])
        #expect(try page("limit=&cursor=&room=") == ["limit", "cursor", "room"])
        #expect(try page("limit=0") == ["limit"])
        #expect(try page("limit=100&room=101") == [])
    }
}
