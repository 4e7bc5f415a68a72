public import Values

/// A question for a page of bookings as it came in a URL's query, nothing checked yet.
public struct PageDraft: Sendable {
    /// Field `limit`, in digits; nil for the usual.
    public var limit: String?
    /// Field `cursor`; nil for the first page.
    public var cursor: String?
    /// Field `room`; nil for all rooms.
    public var room: String?

    /// A draft of what came in; what did not come is nil.
    public init(limit: String?, cursor: String?, room: String?) {
        self.limit = limit
        self.cursor = cursor
        self.room = room
    }

    /// The page wanted, when every field is right.
    /// - Throws: All faults at once, each field named.
    public func request() throws(InvalidInput) -> PageRequest {
        var review = Review()
        let limit = review.require(
            "limit",
            limit ?? String(PageRequest.usualLimit),
            "must be a whole number from 1 to \(PageRequest.largestLimit)"
        ) { text in Int(digits: text).flatMap { (1...PageRequest.largestLimit).contains($0) ? $0 : nil } }
        let cursor = cursor.map { text in
            review.require("cursor", text, "must be the `next` of the page before, unchanged") { Cursor($0) }
        }
        let room = room.map { text in review.require("room", text, "must be the id of a room") { RoomID($0) } }
        try review.finish()
        guard let limit, let request = PageRequest(limit: limit, cursor: cursor ?? nil, roomID: room ?? nil) else {
            preconditionFailure("a draft without a fault makes a request")
        }
        return request
    }
}
