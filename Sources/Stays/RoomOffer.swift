/// A room that is free, and whose it is.
public struct RoomOffer: Hashable, Sendable {
    /// The room.
    public let room: Room

    /// The partner's name; nil for a room of our own.
    public let hotel: String?

    /// A room of this hotel.
    public init(room: Room, hotel: String? = nil) {
        self.room = room
        self.hotel = hotel
    }
}
