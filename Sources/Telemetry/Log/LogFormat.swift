/// How log lines are written.
public enum LogFormat: String, CaseIterable, Sendable {
    /// For people on a terminal, as JSON elsewhere.
    case auto
    /// One JSON object a line.
    case json
    /// Lines for people, with colours on a terminal only.
    case text
}
