import FoundationEssentials

/// The values that are kept under idempotency keys, as JSON.
enum RecordedAnswer {
    static func text(of value: some Encodable) throws(DatabaseError) -> String {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw .failed("an answer cannot be recorded: \(error)")
        }
    }

    static func value<Value: Decodable>(of text: String) throws(DatabaseError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw .corrupted("column answer of an idempotency key holds what no release wrote")
        }
    }
}
