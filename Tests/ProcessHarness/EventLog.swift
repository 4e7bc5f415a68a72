import Glibc

/// One line of the service's log.
struct Event: Sendable {
    let line: String
    let fields: [String: JSON]

    var message: String { fields["message"]?.string ?? "" }
    var level: String { fields["level"]?.string ?? "" }
    var pid: pid_t? { fields["pid"]?.int.map { pid_t($0) } }
    var worker: pid_t? { fields["worker"]?.int.map { pid_t($0) } }

    subscript(name: String) -> JSON? { fields[name] }

    /// Seconds since 1970, from `2026-11-24T03:14:15.123Z`; nil when it is written in any other way.
    var time: Double? {
        guard let text = fields["time"]?.string.map({ Array($0.utf8) }), text.count == 24 else { return nil }
        let marks: [Int: Character] = [4: "-", 7: "-", 10: "T", 13: ":", 16: ":", 19: ".", 23: "Z"]
        var numbers: [Int32] = [0]
        for (index, byte) in text.enumerated() {
            if let mark = marks[index] {
                guard byte == mark.asciiValue else { return nil }
                numbers.append(0)
            } else {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                numbers[numbers.count - 1] = numbers.last! * 10 + Int32(byte - UInt8(ascii: "0"))
            }
        }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        return Double(timegm(&parts)) + Double(numbers[6]) / 1000
    }
}

/// The service's standard output, read to its end on a thread of its own so that the service never waits for us.
///
/// Every line must be one JSON object of at most 4096 bytes with time, level and message; what is not is a fault.
final class EventLog: Sendable {
    static let longestLine = 4096

    struct Contents: Sendable {
        /// All but access events.
        var events: [Event] = []
        /// Access events as they came: a test under load makes many, and few are ever looked at.
        var requestLines: [String] = []
        var faults: [String] = []
        var isAtEnd = false
    }

    private let contents = Monitor(Contents())
    private let isReading = Monitor(true)

    /// Reads `descriptor` until every process that holds the other end is gone, then closes it.
    init(reading descriptor: CInt, onEvent: @escaping @Sendable (Event) -> Void) {
        let contents = self.contents
        let isReading = self.isReading
        let reader = Crew(1) { _ in
            var pending: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                _ = isReading.wait(until: .after(600)) { $0 ? true : nil }
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                pending.append(contentsOf: buffer[0..<count])
                guard let last = pending.lastIndex(of: 0x0A) else { continue }
                for line in pending[...last].split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
                    EventLog.take(line, into: contents, onEvent)
                }
                pending.removeSubrange(...last)
            }
            close(descriptor)
            if !pending.isEmpty {
                contents.update { $0.faults.append("half a line: \(String(decoding: pending, as: UTF8.self))") }
            }
            contents.update { $0.isAtEnd = true }
        }
        reader.detach()
    }

    /// Reads no further than what is being read now, as a log router that hangs.
    func stall() { isReading.update { $0 = false } }

    /// Reads on.
    func goOn() { isReading.update { $0 = true } }

    private static func take(
        _ line: ArraySlice<UInt8>,
        into contents: Monitor<Contents>,
        _ onEvent: (Event) -> Void
    ) {
        let text = String(decoding: line, as: UTF8.self)
        if line.count + 1 > longestLine {
            contents.update { $0.faults.append("a line of \(line.count + 1) bytes: \(text.prefix(200))…") }
        }
        if text.contains("\"message\":\"request\"") {
            contents.update { $0.requestLines.append(text) }
            return
        }
        switch parse(text) {
        case .success(let event):
            onEvent(event)
            contents.update { $0.events.append(event) }
        case .failure(let fault):
            contents.update { $0.faults.append(fault.description) }
        }
    }

    private static func parse(_ line: String) -> Result<Event, JSON.Malformed> {
        func fault(_ what: String) -> Result<Event, JSON.Malformed> {
            .failure(JSON.Malformed(description: "\(what): \(line)"))
        }
        do {
            guard let fields = try JSON(line.utf8).object else { return fault("not an object") }
            let event = Event(line: line, fields: fields)
            guard event.time != nil else { return fault("no time as 2026-11-24T03:14:15.123Z") }
            guard !event.level.isEmpty else { return fault("no level") }
            guard !event.message.isEmpty else { return fault("no message") }
            return .success(event)
        } catch {
            return fault("not JSON, \(error)")
        }
    }

    /// All events so far but the access events, in the order they were written.
    var events: [Event] { contents.read(\.events) }

    /// What was wrong with lines so far, those of access events included.
    var faults: [String] {
        let (faults, lines) = contents.read { ($0.faults, $0.requestLines) }
        return faults
            + lines.prefix(20_000).compactMap { line in
                if case .failure(let fault) = EventLog.parse(line) { fault.description } else { nil }
            }
    }

    /// The access events so far.
    var requests: [Event] {
        contents.read(\.requestLines).compactMap { try? EventLog.parse($0).get() }
    }

    var requestCount: Int { contents.read(\.requestLines.count) }

    /// A place in the log: events behind it are those written from now on.
    var mark: Int { contents.read(\.events.count) }

    func events(_ message: String, after mark: Int = 0) -> [Event] {
        events.dropFirst(mark).filter { $0.message == message }
    }

    /// The first event with that message behind `mark` that `matches`.
    @discardableResult
    func wait(
        for message: String,
        after mark: Int = 0,
        by deadline: Deadline = .generous,
        where matches: @Sendable (Event) -> Bool = { _ in true }
    ) throws -> Event {
        try wait(for: message, count: 1, after: mark, by: deadline, where: matches)[0]
    }

    /// The first `count` events with that message behind `mark` that match.
    @discardableResult
    func wait(
        for message: String,
        count: Int,
        after mark: Int = 0,
        by deadline: Deadline = .generous,
        where matches: @Sendable (Event) -> Bool = { _ in true }
    ) throws -> [Event] {
        enum Found {
            case events([Event])
            case end
        }
        let found = contents.wait(until: deadline) { contents -> Found? in
            let fitting = contents.events.dropFirst(mark).filter { $0.message == message && matches($0) }
            if fitting.count >= count { return .events(Array(fitting.prefix(count))) }
            return contents.isAtEnd ? .end : nil
        }
        if case .events(let events) = found { return events }
        throw Missing(what: "\(count) × \"\(message)\"", ended: found != nil, tail: tail)
    }

    /// The first access event that `matches`.
    func waitForRequest(by deadline: Deadline = .generous, where matches: (Event) -> Bool) throws -> Event {
        let found = contents.wait(until: deadline) { contents -> Event? in
            for line in contents.requestLines.reversed() {
                if case .success(let event) = EventLog.parse(line), matches(event) { return event }
            }
            return nil
        }
        guard let found else { throw Missing(what: "the access event", ended: false, tail: tail) }
        return found
    }

    /// Whether all who could write to the log are gone.
    func waitForEnd(by deadline: Deadline = .generous) -> Bool {
        contents.wait(until: deadline) { $0.isAtEnd ? true : nil } ?? false
    }

    /// The last lines, for the messages of failed tests.
    var tail: String { events.suffix(15).map(\.line).joined(separator: "\n") }

    struct Missing: Error, CustomStringConvertible {
        let what: String
        let ended: Bool
        let tail: String

        var description: String {
            "the log has no \(what)\(ended ? " and has ended" : " in time"); its last lines:\n\(tail)"
        }
    }
}
