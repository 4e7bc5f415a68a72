public import Jobs
public import Stays
import Values

/// That a booking was confirmed or cancelled, to be told to whoever wants to know.
public struct BookingNews: Job {
    /// `tell-booking`.
    public static let kind = "tell-booking"

    /// Which one; all else is found under its URL.
    public let bookingID: String
    /// What it became.
    public let status: Booking.Status
    /// Which of its versions this is.
    public let version: Int

    init(_ booking: Booking) {
        bookingID = booking.id.description
        status = booking.status
        version = booking.version
    }
}
