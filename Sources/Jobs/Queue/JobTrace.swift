public import SQL

/// What a `Database`'s observer is, too, when jobs that are added belong to a trace: it says to which.
public protocol JobTracer: DatabaseObserver {
    /// Where in a trace the calling thread is, as a `traceparent` of W3C Trace Context has it; `nil` for nowhere.
    var traceparent: String? { get }
}

/// The trace that a job belongs to, kept as the last member of its payload.
///
/// A payload is an object, and decoders pass over a member that they do not know. So a release that knows nothing of traces runs such
/// a job as any other, and the table needs no column for it. What is no object is kept without its trace.
enum JobTrace {
    private static let opening = #""_trace":""#
    /// The length of a `traceparent` of version 00.
    private static let length = 55

    /// The payload with its trace.
    static func add(_ traceparent: String?, to payload: String) -> String {
        guard let traceparent, traceparent.utf8.count == length, payload.hasPrefix("{"), payload.hasSuffix("}") else {
            return payload
        }
        let comma = payload.utf8.count > 2 ? "," : ""
        return payload.dropLast() + comma + opening + traceparent + #""}"#
    }

    /// The payload and its trace.
    static func split(_ payload: String) -> (payload: String, traceparent: String?) {
        let bytes = payload.utf8
        let tail = opening.utf8.count + length + 2
        guard bytes.count > tail else { return (payload, nil) }
        let start = bytes.index(bytes.endIndex, offsetBy: -tail)
        let member = payload[start...]
        let before = payload[..<start]
        guard member.hasPrefix(opening), member.hasSuffix(#""}"#), before == "{" || before.hasSuffix(",") else {
            return (payload, nil)
        }
        let value = member.dropFirst(opening.count).dropLast(2)
        guard value.utf8.allSatisfy({ isOfTrace($0) }) else { return (payload, nil) }
        return ((before == "{" ? "{" : String(before.dropLast())) + "}", String(value))
    }

    private static func isOfTrace(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
