/// Who may ask a route, as it is declared. The server itself asks nobody: an ``Admission`` does, and reads it
/// (``Request/requiredScope``), and so does what describes the routes.
public enum RouteAccess: Sendable, Hashable {
    /// Callers with the scope `read` for safe methods (RFC 9110 section 9.2.1), with `write` for others.
    case byMethod
    /// Callers with this scope.
    case scope(Scope)
    /// Everybody, without saying who.
    case open
}
