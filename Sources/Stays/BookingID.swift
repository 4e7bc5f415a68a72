public import Values

/// The name of a booking; older bookings come first.
public typealias BookingID = Identifier<Booking>
