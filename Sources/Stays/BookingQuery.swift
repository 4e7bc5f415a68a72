public import Values

/// Which part of the list of bookings is wanted, newest first. As it comes in a URL's query.
public struct BookingQuery: Codable, Hashable, Sendable {
    /// At most so many bookings; nil for the usual number.
    public let limit: PageLimit?
    /// Where the page before ended; nil for the first page.
    public let cursor: PageCursor<BookingID>?
    /// Only bookings of this room; nil for all.
    public let room: RoomID?

    /// A page of bookings.
    public init(limit: PageLimit? = nil, cursor: PageCursor<BookingID>? = nil, room: RoomID? = nil) {
        self.limit = limit
        self.cursor = cursor
        self.room = room
    }
}
