/// A page of the list of bookings, newest first.
public struct BookingPage: Hashable, Sendable {
    /// The bookings of this page.
    public let bookings: [Booking]

    /// Where the next page begins; nil when this is the last one.
    public let next: Cursor?

    /// A page of these bookings.
    public init(bookings: [Booking], next: Cursor?) {
        self.bookings = bookings
        self.next = next
    }
}
