/// A span that has ended, as bytes between two processes.
///
/// What is read may have been written by a process that has gone mad: every length is checked, and whatever is not as it should be
/// is no record.
public struct SpanRecord: Hashable, Sendable {
    /// Its place in the trace.
    public let context: TraceContext
    /// Of which it is a part.
    public let parentID: SpanID?
    /// What other tracing systems say of the trace.
    public let state: String?
    /// What it is.
    public let name: String
    /// What it is in the conversation of services.
    public let kind: SpanKind
    /// Nanoseconds since 1970.
    public let startedAt: Int64
    /// Nanoseconds since 1970.
    public let endedAt: Int64
    /// What is said of it.
    public let attributes: [Attribute]
    /// The kind of its failure.
    public let failure: String?

    /// Something that is said of a span.
    public struct Attribute: Hashable, Sendable {
        /// By which name.
        public let key: String
        /// What.
        public let value: SpanValue
    }

    /// What one text may have, in bytes.
    static let longestText = 1024
    private static let mostAttributes = 64
    private static let version: UInt8 = 1

    // MARK: - Writing

    func write(to bytes: inout [UInt8]) {
        func put(_ number: UInt64) {
            unsafe withUnsafeBytes(of: number.littleEndian) { unsafe bytes.append(contentsOf: $0) }
        }
        func put(_ text: String) {
            var text = text
            text.withUTF8 { whole in
                let kept = unsafe UnsafeBufferPointer(rebasing: whole.prefix(Self.longestText))
                bytes.append(UInt8(truncatingIfNeeded: kept.count))
                bytes.append(UInt8(truncatingIfNeeded: kept.count >> 8))
                unsafe bytes.append(contentsOf: kept)
            }
        }
        bytes.append(Self.version)
        bytes.append(kind.rawValue)
        bytes.append((parentID == nil ? 0 : 1) | (state == nil ? 0 : 2) | (failure == nil ? 0 : 4))
        bytes.append(UInt8(truncatingIfNeeded: min(attributes.count, Self.mostAttributes)))
        put(context.traceID.high)
        put(context.traceID.low)
        put(context.spanID.value)
        put(UInt64(bitPattern: startedAt))
        put(UInt64(bitPattern: endedAt))
        if let parentID { put(parentID.value) }
        put(name)
        if let state { put(state) }
        if let failure { put(failure) }
        for attribute in attributes.prefix(Self.mostAttributes) {
            put(attribute.key)
            switch attribute.value {
            case .text(let text):
                bytes.append(0)
                put(text)
            case .integer(let number):
                bytes.append(1)
                put(UInt64(bitPattern: number))
            case .decimal(let number):
                bytes.append(2)
                put(number.bitPattern)
            case .flag(let flag): bytes.append(flag ? 4 : 3)
            }
        }
    }

    // MARK: - Reading

    /// `nil` for what is no record.
    public init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes)
        guard reader.byte() == Self.version, let kind = reader.byte().flatMap({ SpanKind(rawValue: $0) }),
            let flags = reader.byte(), let count = reader.byte(), count <= Self.mostAttributes,
            let high = reader.number(), let low = reader.number(), let traceID = TraceID(high: high, low: low),
            let spanID = reader.number().flatMap({ SpanID($0) }),
            // Before 1970 nothing was recorded, and collectors take such a number for no number.
            let start = reader.number(), let end = reader.number(), start <= Int64.max, end <= Int64.max
        else { return nil }
        if flags & 1 != 0 {
            guard let parent = reader.number().flatMap({ SpanID($0) }) else { return nil }
            parentID = parent
        } else {
            parentID = nil
        }
        guard let name = reader.text() else { return nil }
        var texts: [String?] = []
        for bit in [UInt8(2), 4] {
            guard flags & bit != 0 else {
                texts.append(nil)
                continue
            }
            guard let text = reader.text() else { return nil }
            texts.append(text)
        }
        var attributes: [Attribute] = []
        for _ in 0..<count {
            guard let key = reader.text(), let value = reader.value() else { return nil }
            attributes.append(Attribute(key: key, value: value))
        }
        guard reader.isAtEnd else { return nil }
        context = TraceContext(traceID: traceID, spanID: spanID, isSampled: true)
        (state, failure) = (texts[0], texts[1])
        self.name = name
        self.kind = kind
        startedAt = Int64(bitPattern: start)
        endedAt = Int64(bitPattern: end)
        self.attributes = attributes
    }

    init(
        context: TraceContext,
        parentID: SpanID?,
        state: String?,
        name: String,
        kind: SpanKind,
        startedAt: Int64,
        endedAt: Int64,
        attributes: [Attribute],
        failure: String?
    ) {
        self.context = context
        self.parentID = parentID
        self.state = state
        self.name = name
        self.kind = kind
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.attributes = attributes
        self.failure = failure
    }

    /// Takes one thing after the other from bytes, as long as there are any.
    private struct Reader {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { position == bytes.count }

        mutating func byte() -> UInt8? {
            guard position < bytes.count else { return nil }
            defer { position += 1 }
            return bytes[position]
        }

        mutating func number() -> UInt64? {
            guard bytes.count - position >= 8 else { return nil }
            defer { position += 8 }
            return (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[position + $1]) << (8 * UInt64($1)) }
        }

        mutating func text() -> String? {
            guard let low = byte(), let high = byte() else { return nil }
            let length = Int(low) | Int(high) << 8
            guard length <= SpanRecord.longestText, length <= bytes.count - position else { return nil }
            defer { position += length }
            return String(decoding: bytes[position..<position + length], as: UTF8.self)
        }

        mutating func value() -> SpanValue? {
            switch byte() {
            case 0: text().map { .text($0) }
            case 1: number().map { .integer(Int64(bitPattern: $0)) }
            case 2: number().map { .decimal(Double(bitPattern: $0)) }
            case 3: .flag(false)
            case 4: .flag(true)
            default: nil
            }
        }
    }
}
