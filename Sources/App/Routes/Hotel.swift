import HTTPServer
import Panal
import SQL
import Stays
import StaysStore
import Values

/// What the hotel's routes need.
struct Hotel: Sendable {
    /// The store for one request, which ends its waits at the request's deadline.
    let store: @Sendable (Request) -> any StayStore
    /// The present moment, for rules such as "not in the past".
    let now: @Sendable () -> Timestamp
    /// Other hotels whose rooms are sold too, asked within the time of one request; nil without any.
    var partners: (@Sendable (Request) -> any PartnerHotels)?
}

extension Router {
    /// All routes under `/v1`.
    mutating func addHotel(_ hotel: Hotel) {
        group("/v1") { v1 in
            v1.addRooms(hotel)
            v1.addBookings(hotel)
        }
    }
}
