public import HTTPServer
import Values

/// Who asks: a client that has shown who it is. Handlers find it in the request, and its name stands in the log.
///
/// ```swift
/// guard let caller = request[Caller.self] else { … }  // a route that is open to everybody, or a service without keys
/// ```
public struct Caller: Sendable, Hashable, RequestContextKey {
    /// The caller that a request was admitted with.
    public typealias Value = Caller

    /// What it is called: an API key's name.
    public let name: String
    /// What it may do.
    public let scopes: Set<Scope>

    /// A caller who is known.
    public init(name: String, scopes: Set<Scope>) {
        self.name = name
        self.scopes = scopes
    }

    /// Whose idempotency keys its requests' are: those of all API keys of its name, so that a repeat is known after a rotation.
    var idempotencyScope: IdempotencyScope {
        // A name may be anything, and a scope may not.
        let text = SHA256.hash(Array("caller:\(name)".utf8)).hex.prefix(32)
        guard let scope = IdempotencyScope(String(text)) else { preconditionFailure("hexadecimal digits are no scope") }
        return scope
    }
}
