import Telemetry
import Values

extension Values.Timestamp {
    /// The present moment, to the microsecond: bookings made in one millisecond still have an order.
    static func now() -> Values.Timestamp {
        Values.Timestamp(microsecondsSinceEpoch: Telemetry.Timestamp.now().microsecondsSinceEpoch)
    }
}
