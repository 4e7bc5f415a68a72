import Values

/// What was found wrong with an input so far.
final class InputLog {
    private(set) var errors: [FieldError] = []

    /// What the input as a whole should be, when it is something else: a string where an object belongs.
    var wrongKind: InputKind?

    /// Whether rules of several fields are among the errors.
    private(set) var hasCrossFaults = false

    /// When only the order of the fields is asked for: the place of each.
    private(set) var order: [String: Int] = [:]
    let notesOrder: Bool

    /// So many errors are told at once. Input of a megabyte may hold a hundred thousand; nobody mends so many at a time.
    static let capacity = 100

    /// The log is full: it is enough.
    struct Full: Error {}

    init(notingOrder notesOrder: Bool = false) {
        self.notesOrder = notesOrder
    }

    var isFull: Bool { errors.count >= Self.capacity }

    /// Adds what is wrong with a field, at most one for each.
    func add(_ field: String, _ detail: String) throws(Full) {
        note(field, detail)
        if isFull { throw Full() }
    }

    func note(_ field: String, _ detail: String) {
        guard !errors.contains(where: { $0.field == field }) else { return }
        errors.append(FieldError(field: field, detail: detail))
    }

    func check(prefix: String = "", _ body: (inout Validator) -> Void) {
        var validator = Validator(known: errors, prefix: prefix)
        body(&validator)
        guard validator.errors.count > errors.count else { return }
        errors = validator.errors
        hasCrossFaults = true
    }

    /// Notes that a field was asked for.
    @inline(__always)
    func visit(_ field: () -> String) {
        if notesOrder { noteOrder(of: field()) }
    }

    private func noteOrder(of field: String) {
        let place = order.count
        if order[field] == nil { order[field] = place }
    }
}

/// What is wrong with an input, all of it.
struct InputFaults: Error {
    let errors: [FieldError]
    /// What the input as a whole should be, when it is something else.
    let wrongKind: InputKind?
}
