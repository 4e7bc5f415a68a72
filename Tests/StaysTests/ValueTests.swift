import Stays
import Testing
import Values

@Suite("values that cannot be built wrong")
struct ValueTests {
    @Test("a stay has 1 to 30 nights")
    func stay() throws {
        let from = try #require(CivilDate("2028-02-27"))
        func stay(_ nights: Int) -> Stay? { from.adding(days: nights).flatMap { Stay(from: from, to: $0) } }
        #expect([-1, 0, 31, 400].allSatisfy { stay($0) == nil })
        #expect(stay(1)?.nights == 1)
        #expect(stay(30)?.eachNight.count == 30)
        #expect(stay(3)?.eachNight.map(\.description) == ["2028-02-27", "2028-02-28", "2028-02-29"])
    }

    @Test(
        "a room has a name on one line, 1 to 20 beds and a price that is not negative",
        arguments: [
            ("", 2, 1), ("a\nb", 2, 1), ("a\u{0}", 2, 1), (String(repeating: "n", count: 81), 2, 1), ("a", 0, 1),
            ("a", 21, 1), ("a", -1, 1), ("a", 2, -1), ("a", 2, Room.highestPrice + 1), ("a", 2, .max),
        ] as [(String, Int, Int64)]
    )
    func badRoom(name: String, capacity: Int, cents: Int64) throws {
        let id = try #require(RoomID("101"))
        let price = Money(minorUnits: cents, currency: .euro)
        #expect(Room(id: id, name: name, capacity: capacity, pricePerNight: price) == nil)
    }

    @Test("the longest stay in the dearest room has a price")
    func dearest() throws {
        let id = try #require(RoomID("1"))
        let room = try #require(
            Room(
                id: id,
                name: " Palace ",
                capacity: 20,
                pricePerNight: Money(minorUnits: Room.highestPrice, currency: .euro)
            )
        )
        #expect(room.name == "Palace")
        let from = try #require(CivilDate("2027-01-01"))
        let to = try #require(from.adding(days: 30))
        let stay = try #require(Stay(from: from, to: to))
        #expect(room.price(of: stay).minorUnits == 30_000_000_000_000)
    }

    @Test(
        "a guest's name is trimmed and kept as typed",
        arguments: [
            ("Ada Lovelace", "Ada Lovelace"), ("  Ada\t", "Ada"), ("\u{A0}Zoë\u{3000}", "Zoë"), ("李", "李"),
            ("👩‍👩‍👧", "👩‍👩‍👧"), ("می‌خواهم", "می‌خواهم"),
            (String(repeating: "n", count: 100), String(repeating: "n", count: 100)),
        ]
    )
    func goodName(raw: String, name: String) throws {
        #expect(Guest(name: raw, email: try #require(EmailAddress("a@b.example")))?.name == name)
    }

    @Test(
        "a name that is empty, too long or could forge a line is refused",
        arguments: [
            "", " ", "\u{2003}", "a\nb", "a\rb", "a\tb", "a\u{7F}", "a\u{85}b", "a\u{2028}b", "a\0b", "a\u{1B}[31m",
            "a\u{202E}b", "a\u{2066}b", String(repeating: "n", count: 101), String(repeating: "é", count: 101),
            "a" + String(repeating: "\u{301}", count: 500),
        ]
    )
    func badName(raw: String) throws {
        #expect(Guest(name: raw, email: try #require(EmailAddress("a@b.example"))) == nil)
    }

    @Test("an idempotency key is visible ASCII", arguments: ["a", "~!", String(repeating: "k", count: 255)])
    func goodKey(text: String) {
        #expect(IdempotencyKey(text)?.text == text)
    }

    @Test(
        "what is not visible ASCII is no key",
        arguments: ["", " ", "a b", "é", "a\n", "\u{7F}", String(repeating: "k", count: 256)]
    )
    func badKey(text: String) {
        #expect(IdempotencyKey(text) == nil)
    }

    @Test("the sample hotel has twelve rooms, no two with the same id")
    func hotel() {
        #expect(SampleHotel.rooms.count == 12)
        #expect(SampleHotel.rooms.map(\.id) == Set(SampleHotel.rooms.map(\.id)).sorted())
    }
}
