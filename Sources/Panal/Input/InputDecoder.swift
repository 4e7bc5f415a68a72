import Values

/// Decodes input into a `Decodable` value and collects every fault on the way instead of ending at the first: a faulty value
/// is named in the ``InputLog``, something of its type takes its place, and the decoding goes on.
final class InputDecoder: Decoder {
    let value: InputValue
    let log: InputLog

    /// What was asked for, when ``value`` is blank.
    private(set) var notes = InputNotes()

    private var isKeyed = false
    private let parent: InputDecoder?
    private let step: Step
    private let depth: Int

    /// The way from the value around this one.
    enum Step {
        case none
        case member(String)
        case element(Int)
    }

    /// A blank value may be recursive without end.
    private static let deepestBlank = 32

    private init(_ value: InputValue, at step: Step, of parent: InputDecoder?, log: InputLog) {
        self.value = value
        self.log = log
        self.parent = parent
        self.step = step
        depth = (parent?.depth ?? 0) + 1
    }

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    var codingPath: [any CodingKey] {
        let outer = parent?.codingPath ?? []
        return switch step {
        case .none: outer
        case .member(let name): outer + [AnyCodingKey(stringValue: name)]
        case .element(let index): outer + [AnyCodingKey(intValue: index)]
        }
    }

    /// The place of the value as clients read it: `items[2].sku`.
    var path: String {
        let outer = parent?.path ?? ""
        return switch step {
        case .none: outer
        case .member(let name): outer.isEmpty ? name : outer + "." + name
        case .element(let index): outer + "[\(index)]"
        }
    }

    // MARK: Values

    /// Decodes the whole input.
    /// - Parameter check: What else must hold of it.
    /// - Throws: ``InputFaults`` when anything is wrong.
    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from input: InputValue,
        check: (Value, inout Validator) -> Void = { _, _ in }
    ) throws(InputFaults) -> Value {
        let log = InputLog()
        var result: Value?
        do {
            let root = InputDecoder(input, at: .none, of: nil, log: log)
            let value = try root.collect(type)
            log.check { validator in check(value, &validator) }
            result = value
        } catch {
            // Whoever gave up has said why, as long as the log is not full.
            if log.errors.isEmpty { log.note("", InputExpectation.any) }
        }
        guard let result, log.errors.isEmpty else {
            throw InputFaults(errors: ordered(log, type, input), wrongKind: log.wrongKind)
        }
        return result
    }

    /// Rules of several fields are looked at behind the fields; the client reads all faults in the order of the fields.
    private static func ordered<Value: Decodable>(
        _ log: InputLog,
        _ type: Value.Type,
        _ input: InputValue
    ) -> [FieldError] {
        guard log.hasCrossFaults else { return log.errors }
        let second = InputLog(notingOrder: true)
        _ = try? InputDecoder(input, at: .none, of: nil, log: second).collect(type)
        return log.errors.enumerated().map { (second.order[$1.field] ?? .max, $0, $1) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }

    /// The value of a member or an element, or what stands in for it.
    /// - Throws: When nothing can stand in for it, or the log is full.
    func collect<Value: Decodable>(_ type: Value.Type, _ value: InputValue, at step: Step) throws -> Value {
        try InputDecoder(value, at: step, of: self, log: log).collect(type)
    }

    private func collect<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if value.isBlank { return try standIn(type) }
        log.visit { path }
        let before = log.errors.count
        do {
            let result = try Value(from: self)
            if isKeyed { try finishObject(result, before) }
            return result
        } catch let full as InputLog.Full {
            throw full
        } catch {
            let standIn = Result { try self.standIn(type) }
            if log.errors.count == before { try explain(error, type) }
            return try standIn.get()
        }
    }

    private func finishObject(_ result: some Any, _ before: Int) throws {
        if value.isAbsent, log.errors.count == before {
            // All its members may be left out, and yet it must be there.
            try log.add(path, "is missing; it must be an object")
        }
        guard !log.notesOrder, let checked = result as? any CrossChecked else { return }
        log.check(prefix: path) { validator in checked.check(&validator) }
        if log.isFull { throw InputLog.Full() }
    }

    private func explain<Value: Decodable>(_ error: any Error, _ type: Value.Type) throws {
        if let nested = error as? InvalidInput {
            // A type that looks at its parts itself.
            for inner in nested.errors {
                let separator = path.isEmpty || inner.field.hasPrefix("[") ? "" : "."
                try log.add(path + separator + inner.field, inner.detail)
            }
            return
        }
        var kind = (error as? InputKind)?.expectation
        if case .object? = error as? InputKind {
            kind = InputExpectation.object(with: Self.notes(of: type).members.filter(\.isRequired).map(\.name))
        }
        let rule = InputExpectation.rule(of: type)
        switch value {
        case .missing, .null: try log.add(path, "is missing; it " + (rule ?? kind ?? InputExpectation.any))
        // Everything in a query is text: what kind it is nobody could see.
        case .parameter: try log.add(path, rule ?? kind ?? InputExpectation.any)
        default:
            if parent == nil { log.wrongKind = error as? InputKind }
            try log.add(path, kind ?? rule ?? InputExpectation.any)
        }
    }

    /// Some value of the type.
    private func standIn<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let validated = type as? any Validated.Type, let example = validated.example as? Value { return example }
        if let choices = type as? any CaseIterable.Type, let first = choices.firstCase as? Value { return first }
        guard depth < Self.deepestBlank else { throw InputKind.object }
        let blank = value.isBlank ? self : InputDecoder(.blank, at: step, of: parent, log: log)
        return try Value(from: blank)
    }

    /// What a type asks for.
    static func notes<Value: Decodable>(of type: Value.Type) -> InputNotes {
        let blank = InputDecoder(.blank, at: .none, of: nil, log: InputLog())
        _ = try? Value(from: blank)
        var notes = blank.notes
        notes.isKeyed = blank.isKeyed
        return notes
    }

    /// Notes that a member is asked for.
    @inline(__always)
    func note(_ name: String, _ type: (any Decodable.Type)?, isRequired: Bool) {
        guard value.isBlank else { return }
        notes.members.append(InputNotes.Member(name: name, type: type, isRequired: isRequired))
    }

    /// Notes that one plain value is asked for.
    @inline(__always)
    func note(single type: any Decodable.Type) {
        if value.isBlank { notes.single = type }
    }

    // MARK: Containers

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(KeyedInput<Key>(self, try members()))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        UnkeyedInput(self, try elements())
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        SingleInput(decoder: self)
    }

    private func members() throws -> InputObject {
        switch value {
        case .object(let object):
            isKeyed = true
            return object
        case .missing, .null, .blank:
            // Without it, each of its members is missing.
            isKeyed = true
            return InputObject()
        default: throw InputKind.object
        }
    }

    private func elements() throws -> [InputValue] {
        switch value {
        case .array(let elements): elements
        case .parameter(let first, let others): [.parameter(first)] + others.map { .parameter($0) }
        case .blank: []
        default: throw InputKind.array
        }
    }

    func child(_ value: InputValue, at step: Step) -> InputDecoder {
        InputDecoder(value, at: step, of: self, log: log)
    }
}

extension CaseIterable {
    fileprivate static var firstCase: Any? { allCases.first }
}

/// A key of any container.
struct AnyCodingKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = String(intValue)
        self.intValue = intValue
    }
}
