import Jobs
import Linux
import Telemetry

/// The jobs of a worker as spans, in the traces in which they were added.
struct JobSpans: Sendable {
    private let tracer: Tracer?

    init(_ tracer: Tracer?) {
        self.tracer = tracer
    }

    /// The calling thread begins with a job.
    func began(_ job: JobLabel) {
        let caller = job.traceparent.flatMap { TraceContext(traceparent: $0) }
        let thread = ThreadTrace.current
        if let span = tracer?.begin("process \(job.kind)", .consumer, caller: caller, at: .now) {
            span.add("messaging.system", "panal")
            span.add("messaging.operation.type", "process")
            span.add("messaging.operation.name", "process")
            span.add("messaging.destination.name", .text(job.kind))
            span.add("messaging.message.id", .text(String(job.id)))
            span.add("panal.job.attempt", .integer(Int64(job.attempt)))
            thread.enter(span)
        } else if let caller {
            let spanID = SpanID(of: caller.spanID.value, UInt64(bitPattern: MonotonicInstant.now.nanoseconds))
            thread.enter(
                unrecorded: TraceContext(traceID: caller.traceID, spanID: spanID, isSampled: caller.isSampled)
            )
        } else {
            thread.leave()
        }
    }

    /// The calling thread is done with it.
    func ended(_ outcome: JobOutcome) {
        let thread = ThreadTrace.current
        defer { thread.leave() }
        guard let span = thread.span else { return }
        switch outcome {
        case .done: break
        case .failed(let error, _), .dead(let error), .unrecorded(let error):
            span.fail(String(describing: type(of: error)))
        case .lost: span.fail("lost")
        }
        span.end()
    }
}
