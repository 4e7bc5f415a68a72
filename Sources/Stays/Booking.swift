public import Values

/// A room held for a guest, or once held: a cancelled booking stays on record and its nights are free again.
public struct Booking: Hashable, Sendable {
    /// Whether the booking holds its nights.
    public enum Status: String, CaseIterable, Codable, Sendable {
        /// It does.
        case confirmed
        /// It no longer does.
        case cancelled
    }

    /// Its name.
    public let id: BookingID

    /// What was asked for: room, nights, number of guests, guest.
    public let request: BookingRequest

    /// The price of the whole stay, as agreed when it was booked.
    public let total: Money

    /// Whether it holds its nights.
    public let status: Status

    /// 1 when booked, one more with each change: the entity tag of HTTP.
    public let version: Int

    /// When it was booked.
    public let createdAt: Timestamp

    /// Books a room as asked, at the room's price of today.
    /// - Parameters:
    ///   - room: The room asked for, nil when there is none.
    ///   - held: The nights of the stay that others hold, in order.
    public init(
        _ request: BookingRequest,
        in room: Room?,
        held: [CivilDate],
        id: BookingID,
        at now: Timestamp
    ) throws(BookingRefusal) {
        let room = try request.admitted(to: room, held: held, at: now)
        self.id = id
        self.request = request
        total = room.price(of: request.stay)
        status = .confirmed
        version = 1
        createdAt = now
    }

    /// A booking as a store kept it; nil when its total is negative or its version below 1.
    public init?(
        id: BookingID,
        request: BookingRequest,
        total: Money,
        status: Status,
        version: Int,
        createdAt: Timestamp
    ) {
        guard total.minorUnits >= 0, version >= 1 else { return nil }
        self.id = id
        self.request = request
        self.total = total
        self.status = status
        self.version = version
        self.createdAt = createdAt
    }

    private init(_ booking: Booking, status: Status) {
        id = booking.id
        request = booking.request
        total = booking.total
        createdAt = booking.createdAt
        version = booking.version + 1
        self.status = status
    }

    /// The booking once it is cancelled: the next version, or the same when it already was.
    public func cancelled() -> Booking {
        status == .cancelled ? self : Booking(self, status: .cancelled)
    }

    /// The room.
    public var roomID: RoomID { request.roomID }

    /// The nights.
    public var stay: Stay { request.stay }

    /// How many people sleep there.
    public var guests: Int { request.guests }

    /// Who booked.
    public var guest: Guest { request.guest }
}

extension Booking: Encodable {
    private enum Field: String, CodingKey {
        case id, roomId, from, to, guests, guest, total, status, version, createdAt
    }

    /// One object: what was asked for stands beside what became of it.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encode(id, forKey: .id)
        try fields.encode(roomID, forKey: .roomId)
        try fields.encode(stay.from, forKey: .from)
        try fields.encode(stay.to, forKey: .to)
        try fields.encode(guests, forKey: .guests)
        try fields.encode(guest, forKey: .guest)
        try fields.encode(total, forKey: .total)
        try fields.encode(status, forKey: .status)
        try fields.encode(version, forKey: .version)
        try fields.encode(createdAt, forKey: .createdAt)
    }
}
