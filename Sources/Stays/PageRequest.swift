public import Values

/// Which part of the list of bookings is wanted, newest first.
public struct PageRequest: Hashable, Sendable {
    /// At most so many bookings: 1 to `largestLimit`.
    public let limit: Int

    /// Where the page before ended; nil for the first page.
    public let cursor: Cursor?

    /// Only bookings of this room; nil for all.
    public let roomID: RoomID?

    /// The most bookings on one page.
    public static let largestLimit = 100

    /// How many bookings a page has when nobody says.
    public static let usualLimit = 20

    /// Nil unless the limit is from 1 to `largestLimit`.
    public init?(limit: Int = Self.usualLimit, cursor: Cursor? = nil, roomID: RoomID? = nil) {
        guard (1...Self.largestLimit).contains(limit) else { return nil }
        self.limit = limit
        self.cursor = cursor
        self.roomID = roomID
    }
}
