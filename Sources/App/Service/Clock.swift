import Stays
import Telemetry

extension Stays.Timestamp {
    /// The present moment, to the microsecond: bookings made in one millisecond still have an order.
    static func now() -> Stays.Timestamp {
        Stays.Timestamp(microsecondsSinceEpoch: Telemetry.Timestamp.now().microsecondsSinceEpoch)
    }
}
