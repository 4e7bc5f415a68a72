/// Something that a ``Supervisor`` says again and again while it serves, such as what the service measured of itself.
public struct PeriodicReport {
    /// How often. At least a second is sensible.
    public var interval: Duration
    /// Makes the notice, or none when there is nothing to say. Called on the supervisor's thread, so it must neither wait nor
    /// start a thread. It gets the scoreboard with every worker's slot, for reading.
    public var make: (Scoreboard) -> Notice?

    /// A report to be made again and again.
    public init(interval: Duration, make: @escaping (Scoreboard) -> Notice?) {
        self.interval = interval
        self.make = make
    }
}
