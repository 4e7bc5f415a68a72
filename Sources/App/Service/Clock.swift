import Stays
import Telemetry

extension Stays.Timestamp {
    /// The present moment.
    static func now() -> Stays.Timestamp {
        Stays.Timestamp(microsecondsSinceEpoch: Telemetry.Timestamp.now().millisecondsSinceEpoch * 1000)
    }
}
