import Testing

@testable import Jobs

@Suite("The trace of a job")
struct JobTraceTests {
    private static let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test("is kept with what there is to do, and taken from it", arguments: ["{}", #"{"a":1}"#, #"{"a":{"b":[]}}"#])
    func kept(payload: String) {
        let kept = JobTrace.add(Self.trace, to: payload)
        #expect(kept != payload)
        let found = JobTrace.split(kept)
        #expect(found.payload == payload)
        #expect(found.traceparent == Self.trace)
    }

    @Test(
        "is not made of what has none, or is no object",
        arguments: ["{}", "[]", "5", #""_trace""#, #"{"a":"}"}"#, ""]
    )
    func none(payload: String) {
        #expect(JobTrace.add(nil, to: payload) == payload)
        #expect(JobTrace.split(payload).payload == payload)
        #expect(JobTrace.split(payload).traceparent == nil)
        guard !payload.hasPrefix("{") else { return }
        #expect(JobTrace.add(Self.trace, to: payload) == payload)
    }

    @Test("is not what a text in a payload says")
    func text() {
        let payload = #"{"a":",\"_trace\":\"\#(Self.trace)\"}"}"#
        #expect(JobTrace.split(payload).traceparent == nil)
        let other = #"{"_trace":"\#(String(Self.trace.dropLast(2)))zz"}"#
        #expect(JobTrace.split(other).traceparent == nil)
    }
}
