import Linux
public import Logging

/// What the calling thread is about: the request or job that it works on, for whoever logs or records.
///
/// A handler runs on one thread, so nothing has to be handed through its calls.
public final class ThreadTrace {
    private static let threads = PerThread { ThreadTrace() }

    /// The calling thread's.
    public static var current: ThreadTrace { threads.current }

    /// Its place in the trace; `nil` when what it works on belongs to none.
    public private(set) var context: TraceContext?
    /// The innermost span, where the trace is recorded.
    public private(set) var span: TraceSpan?
    /// Tells the id of the request that the thread works on.
    public var requestID: (() -> String?)?

    private var generator: SpanIDGenerator?

    private init() {}

    /// What a thread was about before.
    public struct State {
        fileprivate let context: TraceContext?
        fileprivate let span: TraceSpan?
    }

    /// The thread works on what the span stands for.
    /// - Returns: What it was about before, for ``restore(_:)``.
    @discardableResult
    public func enter(_ span: TraceSpan) -> State {
        defer { (self.context, self.span) = (span.context, span) }
        return State(context: context, span: self.span)
    }

    /// The thread works on a part of a trace that is not recorded.
    public func enter(unrecorded context: TraceContext) {
        self.context = context
        if span != nil { span = nil }
    }

    /// The thread goes on with what it was about before.
    public func restore(_ state: State) { (context, span) = (state.context, state.span) }

    /// The thread is done with it.
    public func leave() {
        guard context != nil else { return }
        context = nil
        span = nil
    }

    /// A new span's id.
    func makeSpanID() -> SpanID { random { $0.spanID() } }

    /// A random number.
    func makeNumber() -> UInt64 { random { $0.next() } }

    private func random<Number>(_ make: (inout SpanIDGenerator) -> Number) -> Number {
        // Made with its first use: most threads need none.
        var numbers = generator ?? SpanIDGenerator()
        defer { generator = numbers }
        return make(&numbers)
    }

    /// Has every event that is logged carry the ids of what its thread works on: `requestId`, `traceId` and `spanId`.
    public static var logMetadata: Logger.MetadataProvider {
        Logger.MetadataProvider {
            let thread = current
            var metadata: Logger.Metadata = [:]
            if let id = thread.requestID?() { metadata["requestId"] = .string(id) }
            if let context = thread.context {
                metadata["traceId"] = .string(context.traceID.description)
                metadata["spanId"] = .string(context.spanID.description)
            }
            return metadata
        }
    }
}
