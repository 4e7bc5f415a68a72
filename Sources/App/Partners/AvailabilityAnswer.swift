import Panal
import Stays
import Values

/// What `/v1/availability` answers, here and at a partner's: the question again, the rooms, and which partners are missing.
struct AvailabilityAnswer: Codable, Sendable {
    let from: CivilDate
    let to: CivilDate
    let guests: WholeNumber<1, 20>
    let rooms: BoundedArray<Offer, 0, 1000>
    let incomplete: [String]?

    struct Offer: Codable, Sendable {
        let id: RoomID
        let name: String
        let capacity: Int
        let pricePerNight: Money
        let total: Money
        let hotel: String?
    }

    /// Nothing of it is sensible unless all of it is: each room once, as it was asked for, at a price that adds up.
    func offers(to query: AvailabilityQuery, of hotel: String) throws(UnusableAnswer) -> [RoomOffer] {
        guard from == query.from, to == query.to, guests == query.guests, Set(rooms.map(\.id)).count == rooms.count
        else {
            throw UnusableAnswer("it answers another question, or names a room twice")
        }
        return try rooms.map { found throws(UnusableAnswer) in
            let room = Room(
                id: found.id,
                name: found.name,
                capacity: found.capacity,
                pricePerNight: found.pricePerNight
            )
            guard let room, room.capacity >= query.guests.value, found.total == room.price(of: query.stay) else {
                throw UnusableAnswer("room \(found.id) is none that it could offer")
            }
            return RoomOffer(room: room, hotel: hotel)
        }
    }
}
