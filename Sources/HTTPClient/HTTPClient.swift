internal import FoundationEssentials
public import HTTPTypes
public import Linux

/// Calls to other services over HTTP. A call waits for its answer, until its deadline at the latest, and meanwhile the worker
/// serves others (`blocking`).
///
/// ```swift
/// let client = dependencies.client(for: request)
/// let rooms = try client.get("https://rooms.example/v1/rooms", as: Rooms.self)
/// let order = HTTPClient.Request(.post, url, body: try .json(order), idempotencyKey: key)
/// let response = try client.send(order).successful()
/// let answers = client.all(partners.map { .get($0) })
/// ```
///
/// A value: one for a request differs from the process's by what it is told of the request. On libcurl, which is loaded with
/// the first call. Each thread keeps connections of its own.
public struct HTTPClient: Sendable {
    /// How it calls.
    public let configuration: Configuration
    /// When all its calls end, such as that of the request which is being served; `nil` for their own timeouts alone.
    public var deadline: MonotonicInstant?
    /// Sent as `X-Request-ID`.
    public var requestID: String?
    /// Sent as `traceparent`, with a new span for each attempt unless it names one. What the ``observer`` says of a call comes before
    /// it.
    public var trace: Trace?
    /// Sees the calls.
    public var observer: (any CallObserver)?

    let hosts: HostLane
    var addresses: AddressPolicy

    /// A trace that the calls belong to (W3C Trace Context, section 3.2).
    public struct Trace: Sendable, Hashable {
        /// 32 lowercase hex digits, not all zero.
        public var traceID: String
        /// Whether the caller records it.
        public var isSampled: Bool
        /// 16 lowercase hex digits, not all zero: the span that calls; `nil` for a new one with each attempt.
        public var spanID: String?
        /// Sent as `tracestate` (section 3.3); `nil` for none.
        public var state: String?

        /// A trace.
        public init(traceID: String, isSampled: Bool, spanID: String? = nil, state: String? = nil) {
            self.traceID = traceID
            self.isSampled = isSampled
            self.spanID = spanID
            self.state = state
        }
    }

    /// A client. Make one for a process, or several that allow the same addresses: a thread's connections are kept for all
    /// clients, and one that is there already is used without another look at its address.
    /// - Parameters:
    ///   - configuration: Times, sizes and retries of its calls.
    ///   - hosts: What is known of hosts, shared by all processes of a service.
    ///   - slot: This process's place in it.
    public init(_ configuration: Configuration = Configuration(), hosts: HostTable, slot: Int) {
        self.configuration = configuration
        self.hosts = HostLane(hosts, slot: slot)
        addresses = AddressPolicy(allowed: configuration.allowedAddresses)
    }

    /// A client of a process that shares what it knows of hosts with nobody.
    public init(_ configuration: Configuration = Configuration()) throws(SystemError) {
        self.init(configuration, hosts: try HostTable(slots: 1), slot: 0)
    }

    /// The same, but its calls end when so much time has passed, at the latest. Unlike a request's own timeout this says
    /// nothing about the host: a call that ends early because of it is not held against it.
    public func within(_ time: Duration) -> HTTPClient {
        var client = self
        client.deadline = min(MonotonicInstant.now + time, deadline ?? .never)
        return client
    }

    // MARK: - Calls

    /// Sends a request and waits for its answer, whatever its status.
    public func send(_ request: Request) throws(HTTPClientError) -> Response {
        let exchange = Exchange(request, by: self, at: .now)
        try run([exchange])
        return try exchange.settled.get()
    }

    /// Sends requests at the same time and waits for all answers, on this one thread: it takes as long as the slowest, and no
    /// longer than the deadline.
    /// - Returns: In the order of the requests.
    public func all(_ requests: [Request]) -> [Result<Response, HTTPClientError>] {
        let now = MonotonicInstant.now
        let exchanges = requests.map { Exchange($0, by: self, at: now) }
        do throws(HTTPClientError) {
            try run(exchanges)
        } catch {
            return exchanges.map { $0.outcome ?? .failure(error) }
        }
        return exchanges.map(\.settled)
    }

    /// Gets a JSON document.
    /// - Throws: Also when the status is not 2xx, and when the body is another document.
    public func get<Value: Decodable>(
        _ url: String,
        as type: Value.Type = Value.self,
        headerFields: HTTPFields = [:],
        timeout: Duration? = nil
    ) throws(HTTPClientError) -> Value {
        var request = Request(.get, url, headerFields: headerFields, timeout: timeout)
        if request.headerFields[.accept] == nil { request.headerFields[.accept] = "application/json" }
        return try send(request).successful().json(as: type)
    }

    /// Posts a JSON document and reads the one that is answered.
    /// - Throws: Also when the status is not 2xx, and when the body is another document.
    public func post<Value: Decodable>(
        _ url: String,
        json: some Encodable,
        idempotencyKey: String? = nil,
        as type: Value.Type = Value.self
    ) throws -> Value {
        var request = Request(.post, url, body: try .json(json), idempotencyKey: idempotencyKey)
        request.headerFields[.accept] = "application/json"
        return try send(request).successful().json(as: type)
    }

    /// Sends a request, and reads the answer as it comes. Neither repeated nor redirected; the body has no limit but the
    /// request's own.
    /// - Parameters:
    ///   - request: What is sent.
    ///   - size: How many bytes `produce` makes together; without it they are sent chunked.
    ///   - produce: Makes the next piece of the request's body, `nil` at its end; instead of the request's own.
    ///   - read: Reads the answer; when it returns, the call has ended.
    /// - Throws: ``HTTPClientError``, also when `produce` makes more or fewer bytes than `size`; what `produce` and `read` throw.
    public func stream<Value>(
        _ request: Request,
        size: Int? = nil,
        uploading produce: (() throws -> [UInt8]?)? = nil,
        _ read: (ResponseStream) throws -> Value
    ) throws -> Value {
        let upload: Transfer.Plan.Upload? = produce == nil ? nil : size.map { .sized($0) } ?? .chunked
        let exchange = Exchange(request, by: self, at: .now, isStreamed: true, upload: upload)
        let connections = try connections(for: [exchange])
        defer { exchange.close(on: connections) }
        let loop = CallLoop([exchange], on: connections)
        let pump = UploadPump(produce: produce)
        try pump.run(loop, on: exchange) { exchange.transfer?.hasHead ?? true }
        if case .failure(let error)? = exchange.outcome { throw error }
        guard let transfer = exchange.transfer else { throw HTTPClientError(.reset("there is no answer"), host: "") }
        if transfer.result != nil, let reason = transfer.failure {
            throw HTTPClientError(reason, host: transfer.head.origin, attempts: exchange.attempts)
        }
        return try read(ResponseStream(transfer.head, exchange, loop, pump))
    }

    private func connections(for exchanges: [Exchange]) throws(HTTPClientError) -> Connections {
        try Connections.current(for: exchanges.first { $0.outcome == nil }?.origin ?? "")
    }

    private func run(_ exchanges: [Exchange]) throws(HTTPClientError) {
        guard exchanges.contains(where: { $0.outcome == nil }) else { return }
        CallLoop(exchanges, on: try connections(for: exchanges)).run { exchanges.allSatisfy { $0.outcome != nil } }
    }

    // MARK: - What is sent with a request

    /// Fields that frame a message or concern one connection (RFC 9110 section 7.6.1): libcurl's affair.
    private static let framing: Set<String> = [
        "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "expect", "host",
        "proxy-connection", "accept-encoding",
    ]

    /// The request's own fields, a line each.
    func fieldLines(of request: Request) throws(HTTPClientError) -> [String] {
        var lines: [String] = []
        lines.reserveCapacity(request.headerFields.count + 8)
        var hasType = false
        var hasAgent = false
        for field in request.headerFields {
            let name = field.name.canonicalName
            guard !Self.framing.contains(name) else {
                throw HTTPClientError(.refusedRequest("the field \(field.name) is not for a request to set"), host: "")
            }
            if name == "content-type" { hasType = true }
            if name == "user-agent" { hasAgent = true }
            lines.append(try Self.line(field.name.rawName, field.value))
        }
        if !hasAgent { lines.append(try Self.line("User-Agent", configuration.userAgent)) }
        if let type = request.body.contentType, !hasType { lines.append(try Self.line("Content-Type", type)) }
        if let key = request.idempotencyKey { lines.append(try Self.line("Idempotency-Key", key)) }
        // Unless told otherwise, libcurl says that it waits for 100 Continue, and calls bytes a form.
        lines.append("Expect:")
        if !hasType, request.body.contentType == nil { lines.append("Content-Type:") }
        return lines
    }

    /// Those that a host may read which the request was not for.
    func publicFieldLines(of request: Request) -> [String] {
        var request = request
        let known: Set<String> = ["accept", "accept-language", "user-agent"]
        request.headerFields = HTTPFields(request.headerFields.filter { known.contains($0.name.canonicalName) })
        request.idempotencyKey = nil
        request.body = .none
        return (try? fieldLines(of: request)) ?? []
    }

    /// Those that say what the request belongs to.
    func passedOn(_ call: (any CallObservation)?) -> [String] {
        var lines: [String] = []
        if let requestID, let line = try? Self.line("X-Request-ID", requestID) { lines.append(line) }
        if let trace = call?.trace ?? trace, let line = try? Self.line("traceparent", trace.parent()) {
            lines.append(line)
            if let state = trace.state, let line = try? Self.line("tracestate", state) { lines.append(line) }
        }
        return lines
    }

    private static func line(_ name: String, _ value: String) throws(HTTPClientError) -> String {
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw HTTPClientError(
                .refusedRequest("the field \(name) has a line break or another control character"),
                host: ""
            )
        }
        // An empty value is written with a semicolon, for libcurl takes `Name:` as an order to leave it out.
        return value.isEmpty ? name + ";" : name + ": " + value
    }
}

extension Exchange {
    /// The outcome of a call that was run to its end.
    var settled: Result<HTTPClient.Response, HTTPClientError> {
        outcome ?? .failure(HTTPClientError(.reset("it was not run to its end"), host: origin))
    }
}

extension HTTPClient.Trace {
    /// The field's value, with a span of its own unless it names one.
    func parent() -> String {
        let flags = isSampled ? "01" : "00"
        if let spanID { return "00-\(traceID)-\(spanID)-\(flags)" }
        let digits = String(UInt64.random(in: 1 ... .max), radix: 16)
        return "00-\(traceID)-\(String(repeating: "0", count: 16 - digits.count))\(digits)-\(flags)"
    }
}
