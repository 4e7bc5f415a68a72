public import Values

extension FieldError {
    /// Nobody can arrive before today.
    public static func pastArrival(today: CivilDate) -> FieldError {
        FieldError(field: "from", detail: "must not be before today, \(today) in UTC")
    }
}
