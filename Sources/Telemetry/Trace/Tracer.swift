public import Linux
import Synchronization

/// Decides which traces are recorded, and hands spans that have ended over to whoever exports them.
///
/// It is made before the first fork, only where there is somebody to export to. The sampler is OpenTelemetry's
/// `parentbased_traceidratio`: what a caller has decided holds; of traces that begin here a share is recorded, chosen by the
/// trace's id, so that services with the same share choose the same ones.
public final class Tracer: Sendable {
    /// Where the spans are handed over.
    public let table: SpanTable
    /// What the last 56 bits of a trace's id must at least be ("TraceState: Probability Sampling", OpenTelemetry).
    private let threshold: UInt64
    private let slot = Atomic<Int>(-1)
    private let writer = Lock([UInt8]())

    private static let randomBits: UInt64 = 1 << 56

    /// - Parameters:
    ///   - table: Where processes hand spans over.
    ///   - ratio: The share of the traces begun here that is recorded, 0 to 1.
    public init(_ table: SpanTable, ratio: Double) {
        precondition((0...1).contains(ratio), "a share is between 0 and 1")
        self.table = table
        threshold = UInt64((1 - ratio) * Double(Self.randomBits))
    }

    /// From here on this process hands over in a slot of the table that no other living process has.
    public func use(slot: Int) { self.slot.store(slot, ordering: .relaxed) }

    /// The first span of something that this service does.
    /// - Parameters:
    ///   - caller: the place in a trace that it was asked from; `nil` to begin a trace.
    ///   - state: what `tracestate` says.
    ///   - name: what it is; few different ones.
    ///   - kind: whether it is work of this service's own, a request, or a job.
    ///   - start: when it began.
    /// - Returns: `nil` when it is not recorded.
    public func begin(
        _ name: @autoclosure () -> String,
        _ kind: SpanKind,
        caller: TraceContext?,
        state: @autoclosure () -> String? = nil,
        at start: MonotonicInstant
    ) -> TraceSpan? {
        if let caller {
            guard caller.isSampled else { return nil }
        } else {
            guard threshold < Self.randomBits else { return nil }
        }
        let thread = ThreadTrace.current
        let traceID: TraceID
        if let caller {
            traceID = caller.traceID
        } else {
            let low = thread.makeNumber()
            guard low & (Self.randomBits - 1) >= threshold, let id = TraceID(high: thread.makeNumber(), low: low)
            else { return nil }
            traceID = id
        }
        let context = TraceContext(traceID: traceID, spanID: thread.makeSpanID(), isSampled: true)
        return TraceSpan(name(), kind, context, parentID: caller?.spanID, state: state(), at: start, by: self)
    }

    func record(_ span: SpanRecord) {
        let slot = slot.load(ordering: .relaxed)
        guard slot >= 0 else { return }
        writer.withLock { scratch in
            scratch.removeAll(keepingCapacity: true)
            span.write(to: &scratch)
            unsafe table.append(scratch.span.bytes, inSlot: slot)
        }
    }
}
