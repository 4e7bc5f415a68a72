import Stays
import Testing
import Values

@Suite("a draft")
struct DraftTests {
    private let today = CivilDate("2026-11-24")!

    private let good = draft()

    private static func draft(
        roomID: String? = "101",
        from: String? = "2027-01-10",
        to: String? = "2027-01-12",
        guests: Int? = 2,
        name: String? = " Ada Lovelace ",
        email: String? = "ada@example.org"
    ) -> BookingDraft {
        BookingDraft(roomID: roomID, from: from, to: to, guests: guests, guestName: name, guestEmail: email)
    }

    private func faults(_ body: () throws -> Void) -> [String] {
        let refusal = #expect(throws: InvalidInput.self) { try body() }
        return refusal?.errors.map(\.field) ?? []
    }

    @Test("of a booking becomes a request")
    func request() throws {
        let request = try good.request()
        #expect(request.roomID.text == "101")
        #expect(request.stay.nights == 2)
        #expect(request.guests == 2)
        #expect(request.guest.name == "Ada Lovelace")
        #expect(request.guest.email.text == "ada@example.org")
    }

    @Test("with nothing in it names every field as missing")
    func empty() throws {
        let refusal = #expect(throws: InvalidInput.self) { try BookingDraft().request() }
        let faults = try #require(refusal).errors
        #expect(faults.map(\.field) == ["roomId", "from", "to", "guests", "guest.name", "guest.email"])
        #expect(faults.allSatisfy { $0.detail.hasPrefix("is missing; it must be") })
    }

    @Test("with every field wrong names every field and what it must be")
    func allWrong() throws {
        let draft = BookingDraft(
            roomID: "Room 101",
            from: "10.01.2027",
            to: "2027-02-30",
            guests: 0,
            guestName: "\u{1B}",
            guestEmail: "ada"
        )
        let refusal = #expect(throws: InvalidInput.self) { try draft.request() }
        let faults = try #require(refusal).errors
        #expect(faults.map(\.field) == ["roomId", "from", "to", "guests", "guest.name", "guest.email"])
        #expect(faults.allSatisfy { $0.detail.hasPrefix("must be") })
    }

    @Test(
        "with one fault names that one",
        arguments: [
            ("from", draft(from: nil)), ("to", draft(to: "2027-01-10")),
            ("to", draft(to: "2027-01-09")), ("to", draft(to: "2027-02-10")), ("roomId", draft(roomID: "")),
            ("guests", draft(guests: 21)), ("guest.name", draft(name: "")), ("guest.email", draft(email: "a@b")),
        ]
    )
    func one(field: String, draft: BookingDraft) {
        #expect(faults { _ = try draft.request() } == [field])
    }

    @Test("may be as long as the longest stay")
    func edges() throws {
        var draft = good
        draft.from = "2026-11-24"
        draft.to = "2026-11-25"
        #expect(try draft.request().stay.nights == 1)
        draft.to = "2026-12-24"
        #expect(try draft.request().stay.nights == 30)
        draft.to = "2026-12-25"
        #expect(faults { _ = try draft.request() } == ["to"])
    }

    @Test("is right whatever day it is; that it is too late to book is another question")
    func late() throws {
        var draft = good
        draft.from = "2026-11-24"
        draft.to = "2026-11-25"
        let request = try draft.request()
        let midnight = Int64(today.daysSinceEpoch + 1) * 86_400
        #expect(!request.isPast(at: Timestamp(unixSeconds: midnight - 86_400)))
        #expect(!request.isPast(at: Timestamp(unixSeconds: midnight - 1)))
        #expect(request.isPast(at: Timestamp(unixSeconds: midnight)))
    }

    @Test(
        "names a guest's name that nobody could see",
        arguments: [
            "\u{200B}", "\u{2060}\u{FEFF}", "\u{115F}", "\u{1160}", "\u{3164}", "\u{FFA0}", "\u{2800}\u{2800}",
            "\u{FE0F}",
            "\u{E0100}", "\u{E0041}", "\u{301}", "\u{20DD}", "\u{903}", "\u{AD}", "\u{34F}", "\u{180E}", "\u{61C}",
            "\u{1D159}", "\u{13441}", "\u{200D}\u{200C}", "\u{3164} \u{200B}",
        ]
    )
    func invisible(name: String) {
        #expect(faults { _ = try Self.draft(name: name).request() } == ["guest.name"])
    }

    @Test(
        "takes ordinary names in every script, with what joins their letters",
        arguments: [
            "Ada", "O", "Zoë", "李", "می‌خواهم", "👩‍👩‍👧", "❤️", "क्‍ष", "ประยุทธ์", "한글", "ᄒᆞᆫ", "שָׁלוֹם", "ᠮᠣᠩ\u{180B}", "葛\u{E0100}城",
            "\u{200E}Ada", "⠁⠙⠁", "e\u{301}", "𞤀𞤣𞤤𞤢𞤥", "1", "-", "٣",
        ]
    )
    func visible(name: String) throws {
        #expect(try Self.draft(name: name).request().guest.name == name)
    }

    @Test("keeps names of which earlier releases were not so particular: what a store holds stays readable")
    func kept() throws {
        #expect(Guest(name: "\u{200B}", email: try #require(EmailAddress("a@b.example"))) != nil)
    }

    @Test("keeps the faults its reader found and does not judge those fields again")
    func known() {
        var draft = good
        draft.guests = nil
        draft.guestName = nil
        draft.faults = [FieldError(field: "guests", detail: "must be a number, not text")]
        let refusal = #expect(throws: InvalidInput.self) { try draft.request() }
        #expect(refusal?.errors.map(\.field) == ["guests", "guest.name"])
        #expect(refusal?.errors.first?.detail == "must be a number, not text")
    }

    @Test("never repeats in a fault what was typed")
    func noEcho() throws {
        var draft = good
        draft.roomID = "<script>"
        draft.guestEmail = "<script>"
        let refusal = #expect(throws: InvalidInput.self) { try draft.request() }
        #expect(try #require(refusal).description.contains("<script>") == false)
    }

    @Test("of an availability query names an arrival before today, and a departure before that too")
    func past() {
        func faults(_ from: String, _ to: String) -> [String] {
            self.faults { _ = try AvailabilityDraft(from: from, to: to, guests: "1").query(today: today) }
        }
        #expect(faults("2026-11-23", "2026-11-25") == ["from"])
        #expect(faults("2020-01-10", "2020-01-09") == ["from", "to"])
    }

    @Test("of an availability query becomes one")
    func availability() throws {
        let query = try AvailabilityDraft(from: "2027-01-10", to: "2027-01-12", guests: "2").query(today: today)
        #expect(query.guests == 2)
        #expect(query.stay.nights == 2)
    }

    @Test(
        "of an availability query names the number of guests when it is no whole number from 1 to 20",
        arguments: ["", "0", "21", "-1", "+2", "2.0", " 2", "two", "٢", "0x2", "99999999999999999999"]
    )
    func guests(text: String) {
        #expect(
            faults { _ = try AvailabilityDraft(from: "2027-01-10", to: "2027-01-12", guests: text).query(today: today) }
                == ["guests"]
        )
    }

    @Test("of an availability query with nothing in it names all three")
    func emptyAvailability() {
        #expect(
            faults { _ = try AvailabilityDraft(from: nil, to: nil, guests: nil).query(today: today) }
                == ["from", "to", "guests"]
        )
    }

    @Test("of a page with nothing in it is the first page of the usual size")
    func page() throws {
        let page = try PageDraft(limit: nil, cursor: nil, room: nil).request()
        #expect(page == PageRequest())
    }

    @Test("of a page carries its cursor and room")
    func fullPage() throws {
        let cursor = Cursor(after: BookingID(bits: 7))
        let page = try PageDraft(limit: "100", cursor: cursor.description, room: "101").request()
        #expect(page == PageRequest(limit: 100, cursor: cursor, roomID: RoomID("101")))
    }

    @Test("of a page names each field that is wrong")
    func badPage() {
        #expect(
            faults { _ = try PageDraft(limit: "101", cursor: "x", room: "X").request() } == ["limit", "cursor", "room"]
        )
        #expect(faults { _ = try PageDraft(limit: "", cursor: "", room: "").request() } == ["limit", "cursor", "room"])
        #expect(faults { _ = try PageDraft(limit: "0", cursor: nil, room: nil).request() } == ["limit"])
    }
}
