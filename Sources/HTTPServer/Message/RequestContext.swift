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

extension Request {
    /// A value that travels with the request; `nil` until somebody has set it.
    ///
    /// What an ``Admission`` sets is seen by all middleware, the handler and the ``ServerObserver``. What a ``Middleware``
    /// sets, in a copy of the request that it hands on, is seen by those it hands it to.
    public subscript<Key: RequestContextKey>(key: Key.Type) -> Key.Value? {
        get { contextValues?[key] }
        set {
            var values = contextValues ?? ContextValues()
            values[key] = newValue
            contextValues = values
        }
    }
}
