/// A value with rules that no field can keep alone: a departure after an arrival, a total that is the sum of its parts.
///
/// Decoders that collect errors ask for them wherever such a value stands in the input, nested ones included.
///
/// ```swift
/// struct Nights: Codable, CrossChecked {
///     let from: CivilDate
///     let to: CivilDate
///     func check(_ validator: inout Validator) {
///         validator.require(to > from, "to", "must be after from", given: "from")
///     }
/// }
/// ```
public protocol CrossChecked {
    /// Names each rule and the fields it concerns. A rule is skipped when one of its fields is faulty already.
    func check(_ validator: inout Validator)
}
