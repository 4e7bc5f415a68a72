/// Something that is on or off.
public enum Switch: String, CaseIterable, Sendable {
    /// It is on.
    case on
    /// It is off.
    case off
}
