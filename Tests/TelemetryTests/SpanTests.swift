import Linux
import Logging
import Testing

@testable import Telemetry

@Suite("Spans")
struct SpanTests {
    private func makeTracer(ratio: Double = 1) throws -> Tracer {
        let tracer = Tracer(try SpanTable(slots: 2), ratio: ratio)
        tracer.use(slot: 1)
        return tracer
    }

    private func spans(of tracer: Tracer) -> [SpanRecord] {
        var spans: [SpanRecord] = []
        #expect(tracer.table.take { spans.append($0) } == 0)
        return spans
    }

    private static let caller = TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

    @Test("are read as they were written: names, times, parents, attributes of all kinds, failures")
    func roundTrip() throws {
        let tracer = try makeTracer()
        let start = MonotonicInstant.now
        let span = try #require(tracer.begin("GET /a", .server, caller: Self.caller, state: "v=1", at: start))
        span.set("text", "ä\u{0}\n")
        span.set("number", .integer(.min))
        span.set("share", .decimal(0.5))
        span.set("flag", true)
        span.set("other", false)
        let child = try #require(span.child("SELECT room", .client))
        child.fail("busy")
        child.end()
        span.end(at: start + .milliseconds(7))
        let found = spans(of: tracer)
        try #require(found.count == 2)
        #expect(
            found[0].name == "SELECT room" && found[0].parentID == span.context.spanID && found[0].failure == "busy"
        )
        #expect(found[0].context.traceID == Self.caller?.traceID && found[0].startedAt >= found[1].startedAt)
        #expect(found[1].name == "GET /a" && found[1].kind == .server && found[1].state == "v=1")
        #expect(found[1].parentID == Self.caller?.spanID && found[1].failure == nil)
        #expect(found[1].endedAt - found[1].startedAt == 7_000_000)
        let values = Dictionary(uniqueKeysWithValues: found[1].attributes.map { ($0.key, $0.value) })
        #expect(
            values == [
                "text": "ä\u{0}\n", "number": .integer(.min), "share": .decimal(0.5), "flag": true, "other": false,
            ]
        )
    }

    @Test("are recorded as the caller says, and of traces that begin here a share is, as large as it was said")
    func sampling() throws {
        let unsampled = TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
        let (none, some, all) = (try makeTracer(ratio: 0), try makeTracer(ratio: 0.1), try makeTracer(ratio: 1))
        #expect(none.begin("a", .server, caller: Self.caller, at: .now) != nil)
        #expect(all.begin("a", .server, caller: unsampled, at: .now) == nil)
        func count(_ tracer: Tracer) -> Int {
            (0..<10_000).count { _ in tracer.begin("a", .server, caller: nil, at: .now) != nil }
        }
        #expect(count(none) == 0)
        #expect(count(all) == 10_000)
        // More than six standard deviations to both sides.
        #expect((800...1_200).contains(count(some)))
    }

    @Test("have ids that do not come twice, over many threads")
    func ids() throws {
        let ids = Lock<Set<SpanID>>([])
        let threads = try (0..<8).map { _ in
            try Thread.start {
                let own = (0..<5_000).map { _ in ThreadTrace.current.makeSpanID() }
                ids.withLock { $0.formUnion(own) }
            }
        }
        for thread in threads { thread.join() }
        #expect(ids.withLock { $0.count } == 40_000)
    }

    @Test("below one are so many and no more; the others are counted")
    func bounded() throws {
        let tracer = try makeTracer()
        let span = try #require(tracer.begin("a", .server, caller: nil, at: .now))
        for _ in 0..<TraceSpan.mostDescendants + 10 { span.child("b", .client)?.end() }
        span.end()
        let found = spans(of: tracer)
        #expect(found.count == TraceSpan.mostDescendants + 1)
        #expect(found.last?.attributes.first { $0.key == "panal.spans.left_out" }?.value == 10)
    }

    @Test("of a function are within that of the thread; where nothing is recorded nothing is made of them")
    func function() throws {
        let tracer = try makeTracer()
        let thread = ThreadTrace.current
        struct Trouble: Error {}
        let root = try #require(tracer.begin("root", .server, caller: nil, at: .now))
        thread.enter(root)
        let answer = withSpan("outer") { outer in
            try? withSpan("inner") { (_: TraceSpan?) throws(any Error) in throw Trouble() }
            #expect(thread.context == outer?.context)
            return 42
        }
        #expect(answer == 42)
        #expect(thread.context == root.context)
        thread.leave()
        func name() -> String {
            Issue.record("nobody asks for it")
            return ""
        }
        withSpan(name()) { span in #expect(span == nil) }
        let found = spans(of: tracer)
        #expect(found.map(\.name) == ["inner", "outer"])
        #expect(found[0].failure == "Trouble" && found[0].parentID == found[1].context.spanID)
        #expect(found[1].parentID == root.context.spanID)
    }

    @Test("give their ids to every event of their thread, and to no other")
    func logs() throws {
        let tracer = try makeTracer()
        let span = try #require(tracer.begin("root", .server, caller: nil, at: .now))
        let thread = ThreadTrace.current
        thread.enter(span)
        thread.requestID = { "id-1" }
        let inside = ThreadTrace.logMetadata.get()
        #expect(inside["traceId"] == .string(span.context.traceID.description))
        #expect(inside["spanId"] == .string(span.context.spanID.description))
        #expect(inside["requestId"] == "id-1")
        try Thread.start { #expect(ThreadTrace.logMetadata.get() == [:]) }.join()
        thread.leave()
        thread.requestID = nil
        #expect(ThreadTrace.logMetadata.get() == [:])
    }
}

@Suite("The memory by which processes hand spans over")
struct SpanTableTests {
    private func record(_ name: String) -> [UInt8] {
        var bytes: [UInt8] = []
        SpanRecord(
            context: TraceContext(
                traceID: TraceID(high: 1, low: 2)!,
                spanID: SpanID(3)!,
                isSampled: true
            ),
            parentID: nil,
            state: nil,
            name: name,
            kind: .internal,
            startedAt: 1,
            endedAt: 2,
            attributes: [],
            failure: nil
        ).write(to: &bytes)
        return bytes
    }

    private func names(in table: SpanTable) -> [String] {
        var names: [String] = []
        #expect(table.take { names.append($0.name) } == 0)
        return names
    }

    @Test("keeps them in order over the end of a ring, and counts those for which there is no room")
    func full() throws {
        let table = try SpanTable(slots: 2)
        var written = 0
        for round in 0..<5 {
            let before = table.dropped
            var kept = 0
            while table.dropped == before {
                table.append(
                    record("span \(round) \(kept) \(String(repeating: "x", count: kept % 50))").span.bytes,
                    inSlot: 1
                )
                kept += 1
            }
            kept -= 1
            let found = names(in: table)
            #expect(found.count == kept)
            #expect(found.enumerated().allSatisfy { $1.hasPrefix("span \(round) \($0) ") })
            written += kept
        }
        #expect(table.dropped == 5)
        #expect(written > 5_000)
    }

    @Test("rings a bell when half of a ring is full")
    func bell() throws {
        let table = try SpanTable(slots: 1)
        table.append(record("a").span.bytes, inSlot: 0)
        #expect(!Poll.isReady(table.bell.rawValue, .read))
        for _ in 0..<5_000 { table.append(record("a").span.bytes, inSlot: 0) }
        #expect(Poll.isReady(table.bell.rawValue, .read))
    }

    @Test("is of use after its writer was killed in the middle of a record, and what was finished is there")
    func killed() throws {
        let table = try SpanTable(slots: 1)
        table.append(record("whole").span.bytes, inSlot: 0)
        // What a writer leaves that has not come to the last step: bytes behind the head that nobody has published.
        let head = 4096 + 256 + 4095 & ~4095
        let end = Int(table.memory.word(at: 4096).load())
        _ = table.memory.write(record("torn").span.bytes, in: head + end..<head + end + 32)
        #expect(names(in: table) == ["whole"])
        #expect(names(in: table) == [])
        table.append(record("next").span.bytes, inSlot: 0)
        #expect(names(in: table) == ["next"])
    }

    @Test("misleads nobody, whatever a process that has gone mad wrote into it")
    func hostile() throws {
        var generator = SystemRandomNumberGenerator()
        let table = try SpanTable(slots: 1)
        let ring = 8192
        for _ in 0..<2_000 {
            for index in 0..<20 { table.append(record("good \(index)").span.bytes, inSlot: 0) }
            for _ in 0..<3 {
                let place = ring + Int.random(in: 0..<2_000) / 8 * 8
                table.memory.word(at: place).storeRelaxed(Bool.random() ? generator.next() : generator.next() & 0xFF)
            }
            if Bool.random() { table.memory.word(at: 4096).store(generator.next()) }
            // It returns, and takes no more than there can be.
            var count = 0
            _ = table.take { _ in count += 1 }
            #expect(count <= SpanTable.ringSize / 64)
        }
        // And is of use again as soon as somebody writes what is right.
        _ = table.take { _ in }
        table.append(record("good").span.bytes, inSlot: 0)
        #expect(names(in: table) == ["good"])
    }

    @Test("reads nothing from a record that is not whole, or has more than one")
    func malformed() {
        let whole = record("a")
        #expect(SpanRecord(whole)?.name == "a")
        for length in 0..<whole.count { #expect(SpanRecord(Array(whole[..<length])) == nil) }
        #expect(SpanRecord(whole + [0]) == nil)
    }
}
