public import Values

/// Why a request to book cannot be granted. Nothing was changed.
public enum BookingRefusal: Error, Hashable {
    /// The arrival is before today, the day in UTC when it was asked for.
    case pastArrival(today: CivilDate)

    /// There is no such room.
    case unknownRoom

    /// The room sleeps only so many guests.
    case overCapacity(Int)

    /// These nights of the stay are held by others; at least one, in order.
    case nightsTaken([CivilDate], of: RoomID)
}

extension BookingRefusal {
    /// What the arrival must be.
    public static func pastArrivalDetail(today: CivilDate) -> String { "must not be before today, \(today) in UTC" }
}

extension BookingRequest {
    /// May this be booked? The one rule, for whoever reads the room and its nights: it decides alone, in this order.
    /// - Parameters:
    ///   - room: The room asked for, nil when there is none.
    ///   - held: The nights of the stay that others hold, in order.
    ///   - now: When it is asked.
    /// - Returns: The room.
    public func admitted(to room: Room?, held: [CivilDate], at now: Timestamp) throws(BookingRefusal) -> Room {
        guard !isPast(at: now) else { throw .pastArrival(today: now.date) }
        guard let room, room.id == roomID else { throw .unknownRoom }
        guard guests <= room.capacity else { throw .overCapacity(room.capacity) }
        guard held.isEmpty else { throw .nightsTaken(held, of: roomID) }
        return room
    }
}
