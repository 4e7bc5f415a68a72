import Stays
import Testing
import Values

@Suite("Rooms of several hotels")
struct PartnerTests {
    private func room(_ id: String, _ price: Int64, _ currency: Currency = .euro) throws -> Room {
        let money = Money(minorUnits: price, currency: currency)
        let id = try #require(RoomID(id))
        return try #require(Room(id: id, name: "Room", capacity: 2, pricePerNight: money))
    }

    @Test("come cheapest first, of the same price ours before others, then by hotel and id")
    func order() throws {
        let theirs = PartnerAvailability(
            offers: [
                RoomOffer(room: try room("1", 200), hotel: "b"), RoomOffer(room: try room("2", 100), hotel: "b"),
                RoomOffer(room: try room("1", 100), hotel: "b"), RoomOffer(room: try room("9", 100), hotel: "a"),
                RoomOffer(room: try room("1", 50), hotel: "a"),
            ],
            incomplete: []
        )
        let offers = theirs.offers(with: [try room("5", 100), try room("6", 300)])
        let order = offers.map { "\($0.room.pricePerNight.minorUnits) \($0.hotel ?? "ours") \($0.room.id)" }
        #expect(order == ["50 a 1", "100 ours 5", "100 a 9", "100 b 1", "100 b 2", "200 b 1", "300 ours 6"])
    }

    @Test("stand by currency, because prices in several cannot be compared")
    func currencies() throws {
        let yen = try #require(Currency("JPY"))
        let theirs = PartnerAvailability(
            offers: [
                RoomOffer(room: try room("1", 9_000, yen), hotel: "a"),
                RoomOffer(room: try room("2", 8_000, yen), hotel: "a"),
            ],
            incomplete: []
        )
        let offers = theirs.offers(with: [try room("5", 10_000), try room("6", 30_000)])
        #expect(offers.map { $0.room.id.text } == ["5", "6", "2", "1"])
    }
}
