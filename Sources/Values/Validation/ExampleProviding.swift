/// A type that has an example for its documentation. One that encodes itself without being `Decodable` needs one: its members
/// are read from what the example writes. Of any other type an example is made of those of its fields, which may not fit
/// each other.
///
/// ```swift
/// extension Stay: ExampleProviding {
///     static var example: Stay { … }  // the departure after the arrival
/// }
/// ```
public protocol ExampleProviding: Encodable {
    /// Some value of the type, always the same.
    static var example: Self { get }
}
