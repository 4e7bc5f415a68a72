/// Names a value that travels with a request, such as who asks: an ``Admission`` or a ``Middleware`` sets it, the handler
/// reads it.
///
/// ```swift
/// struct Caller: RequestContextKey { typealias Value = AccountID }
///
/// router.group("/v1", admission: [{ request in request[Caller.self] = try account(of: request) }]) { v1 in
///     v1.get("/orders") { request in
///         guard let caller = request[Caller.self] else { throw Problem(.unauthorized) }
///         …
///     }
/// }
/// ```
public protocol RequestContextKey {
    /// What is kept under this key. It may be the key's own type.
    associatedtype Value: Sendable
}

/// The values that travel with a request. They are few, so they are searched one after the other.
struct ContextValues: Sendable {
    private var entries: [(key: ObjectIdentifier, value: any Sendable)] = []

    subscript<Key: RequestContextKey>(key: Key.Type) -> Key.Value? {
        get {
            let identifier = ObjectIdentifier(key)
            return entries.first { $0.key == identifier }?.value as? Key.Value
        }
        set {
            let identifier = ObjectIdentifier(key)
            entries.removeAll { $0.key == identifier }
            if let newValue { entries.append((identifier, newValue)) }
        }
    }
}
