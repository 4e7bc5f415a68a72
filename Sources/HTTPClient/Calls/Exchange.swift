import HTTPTypes
import Linux

/// A call from its request to its outcome: as many attempts as it takes, each followed by what its outcome calls for, another
/// attempt, a redirect, or the end.
final class Exchange {
    private let client: HTTPClient
    private let request: HTTPClient.Request
    private let isStreamed: Bool
    private let upload: Transfer.Plan.Upload?
    private let start: MonotonicInstant
    /// When it ends in any case.
    let deadline: MonotonicInstant

    private var target: Target?
    private(set) var origin = ""
    private var fields: [String] = []
    private var host: HostLane.Host?
    private(set) var attempts = 0
    private var redirects = 0
    /// Whether a redirect led to another origin: from there on nothing is sent that was for the first.
    private var isElsewhere = false
    private var isProbe = false
    private var attemptBegan = MonotonicInstant(nanoseconds: 0)
    /// What the last attempt came to, should there be no other.
    private var last: Result<HTTPClient.Response, HTTPClientError>?
    /// What sees the call.
    private var observation: (any CallObservation)?

    private enum State {
        case due(MonotonicInstant)
        case underway(Transfer)
        case ended(Result<HTTPClient.Response, HTTPClientError>)
    }
    private var state: State

    /// A client follows no more redirects than that (RFC 9110 section 15.4 leaves the number open).
    private static let mostRedirects = 5

    /// What says that the answer is elsewhere (RFC 9110 section 15.4); 300 offers a choice, and 305 a proxy.
    private static let redirections = [301, 302, 303, 307, 308]

    init(
        _ request: HTTPClient.Request,
        by client: HTTPClient,
        at now: MonotonicInstant,
        isStreamed: Bool = false,
        upload: Transfer.Plan.Upload? = nil
    ) {
        self.client = client
        self.request = request
        self.isStreamed = isStreamed
        self.upload = upload
        start = now
        deadline = min(now + (request.timeout ?? client.configuration.timeout), client.deadline ?? .never)
        state = .due(now)
        do throws(HTTPClientError) {
            try go(to: request.url)
            fields = try client.fieldLines(of: request)
        } catch {
            state = .ended(.failure(error))
            return
        }
        guard let observer = client.observer, let target else { return }
        observation = observer.callBegan(
            request.method,
            host: target.host,
            port: target.port,
            isSecure: target.isSecure
        )
    }

    deinit {
        // The rest of several calls of which one could not be made at all, or a streamed one whose reader threw.
        observation?.callEnded(.failure(error(.reset("it was not run to its end"))), attempts: attempts)
    }

    /// The outcome, when there is one.
    var outcome: Result<HTTPClient.Response, HTTPClientError>? {
        if case .ended(let outcome) = state { return outcome }
        return nil
    }

    /// What is on its way; `nil` before and after.
    var transfer: Transfer? {
        if case .underway(let transfer) = state { return transfer }
        return nil
    }

    private func go(to url: String, from former: Target? = nil) throws(HTTPClientError) {
        let target = try Target(url)
        if let former, former.isSecure != target.isSecure {
            let why = "from one scheme to another; call the URL it leads to"
            throw HTTPClientError(.redirect(why), host: target.origin, attempts: attempts)
        }
        if let address = IPAddress(urlHost: target.host), !client.addresses.allows(address) {
            // Said before a proxy could be asked to go there.
            throw HTTPClientError(.refusedAddress(address), host: target.origin)
        }
        self.target = target
        origin = target.origin
        // Where answers lead must not take the places of those that are called.
        host = client.hosts.host(target.origin, claiming: former == nil)
    }

    /// Does what is to be done now.
    /// - Returns: When something is to be done next, whatever the network does.
    func advance(on connections: Connections, at now: MonotonicInstant) -> MonotonicInstant {
        if case .due(let moment) = state {
            guard moment <= now else { return min(moment, deadline) }
            begin(on: connections, at: now)
        }
        guard case .underway(let transfer) = state else { return .never }
        if transfer.result != nil {
            // A reader takes what is left of a streamed body first.
            if !isStreamed { end(transfer, on: connections, at: now) }
        } else if let (moment, phase) = limit(of: transfer) {
            guard moment <= now else { return moment }
            giveUp(transfer, on: connections, .timedOut(phase, after: now - start), at: now)
        }
        if case .due(let moment) = state { return min(moment, deadline) }
        return .never
    }

    /// When what it waits for must be there.
    private func limit(of transfer: Transfer) -> (MonotonicInstant, HTTPClientError.Phase)? {
        let configuration = client.configuration
        switch transfer.phase {
        case .connection:
            return (min(deadline, transfer.phaseBegan + configuration.connectTimeout), .connection)
        case .firstByte:
            // What is sent in pieces takes its time before anybody answers.
            guard upload == nil else { return (deadline, .firstByte) }
            return (min(deadline, transfer.phaseBegan + configuration.firstByteTimeout), .firstByte)
        case .body:
            return (deadline, .body)
        }
    }

    private func begin(on connections: Connections, at now: MonotonicInstant) {
        guard let target, let host else { return }
        guard now < deadline else {
            finish(last ?? .failure(error(.timedOut(.start, after: now - start))))
            return
        }
        isProbe = false
        switch host.admit(at: now, until: deadline) {
        case .admitted: break
        case .probe: isProbe = true
        case .refused(let time):
            finish(last ?? .failure(error(.circuitOpen(retryAfter: time))))
            return
        }
        attempts += 1
        attemptBegan = now
        do throws(HTTPClientError) {
            let plan = Transfer.Plan(
                method: request.method,
                target: target,
                fields: isElsewhere ? fields : fields + client.passedOn(observation),
                body: isElsewhere ? nil : request.body.bytes,
                upload: upload,
                isRepeatable: request.isRepeatable && upload == nil,
                connectTimeout: min(client.configuration.connectTimeout, deadline - now),
                isStreamed: isStreamed,
                maxBodySize: request.maxResponseSize ?? (isStreamed ? .max : client.configuration.maxResponseSize),
                addresses: client.addresses,
                configuration: client.configuration
            )
            state = .underway(try connections.start(plan))
        } catch {
            // Nothing of the host's; and if it was to try the host, the next may.
            record(.unknown, nil, at: now)
            finish(.failure(error))
        }
    }

    private func error(_ reason: HTTPClientError.Reason) -> HTTPClientError {
        HTTPClientError(reason, host: origin, attempts: attempts)
    }

    private func finish(_ outcome: Result<HTTPClient.Response, HTTPClientError>) {
        state = .ended(outcome)
        tell(outcome.map(\.status))
    }

    private func tell(_ outcome: Result<HTTPResponse.Status, HTTPClientError>) {
        observation?.callEnded(outcome, attempts: attempts)
        observation = nil
    }

    // MARK: - After an attempt

    private func end(_ transfer: Transfer, on connections: Connections, at now: MonotonicInstant) {
        if let reason = transfer.failure {
            giveUp(transfer, on: connections, reason, at: now)
            return
        }
        let head = transfer.head
        let location =
            Self.redirections.contains(head.status.code) && request.followsRedirects && !isStreamed
            ? transfer.location : nil
        let response = HTTPClient.Response(head: head, body: transfer.takeBody(), attempts: attempts)
        connections.finish(transfer)
        record(head.status, at: now)
        if let location {
            redirect(to: location, at: now)
        } else if RetryPolicy.isTransient(head.status) {
            let time = head.value(of: .retryAfter).flatMap { RetryAfter.parse($0) }
            repeatOrFinish(.success(response), after: time, at: now)
        } else {
            finish(.success(response))
        }
    }

    private func giveUp(
        _ transfer: Transfer,
        on connections: Connections,
        _ reason: HTTPClientError.Reason,
        at now: MonotonicInstant
    ) {
        connections.finish(transfer)
        record(reason, at: now)
        if reason.isTransient {
            repeatOrFinish(.failure(error(reason)), after: nil, at: now)
        } else {
            finish(.failure(error(reason)))
        }
    }

    private func repeatOrFinish(
        _ outcome: Result<HTTPClient.Response, HTTPClientError>,
        after time: Duration?,
        at now: MonotonicInstant
    ) {
        let policy = client.configuration.retries
        var generator = SystemRandomNumberGenerator()
        let moment = now + policy.pause(afterAttempt: attempts - redirects, retryAfter: time, using: &generator)
        guard request.isRepeatable, !isStreamed, upload == nil, attempts - redirects < policy.maxAttempts,
            moment < deadline, host?.takeRetry(policy, at: now) == true
        else {
            finish(outcome)
            return
        }
        last = outcome
        state = .due(moment)
    }

    private func redirect(to location: String, at now: MonotonicInstant) {
        redirects += 1
        guard redirects <= Self.mostRedirects else {
            finish(.failure(error(.redirect("there were \(redirects) of them"))))
            return
        }
        let former = target
        do throws(HTTPClientError) {
            try go(to: location, from: former)
        } catch {
            if case .refusedRequest(let why) = error.reason {
                finish(.failure(self.error(.redirect(why.replacingPrefix("its URL", by: "the URL there")))))
            } else {
                finish(.failure(error))
            }
            return
        }
        if origin != former?.origin {
            isElsewhere = true
            fields = client.publicFieldLines(of: request)
        }
        last = nil
        state = .due(now)
    }

    // MARK: - What the host's record says

    private func record(_ status: HTTPResponse.Status, at now: MonotonicInstant) {
        let failure: HostReading.Failure? =
            status.code >= 500 ? .serverError : status.code == 429 ? .tooManyRequests : nil
        record([502, 503, 504].contains(status.code) ? .failed : .well, failure, at: now)
    }

    private func record(_ reason: HTTPClientError.Reason, at now: MonotonicInstant) {
        switch reason {
        case .cannotConnect: record(.failed, .connection, at: now)
        case .tls: record(.failed, .tls, at: now)
        case .reset: record(.failed, .reset, at: now)
        case .malformed: record(.failed, .malformed, at: now)
        case .tooLarge: record(.well, .malformed, at: now)
        case .refusedAddress: record(.unknown, .refusedAddress, at: now)
        case .timedOut(let phase, _):
            // A caller who had hardly any time left says nothing about the host.
            let configuration = client.configuration
            let own = min(
                request.timeout ?? configuration.timeout,
                phase == .connection ? configuration.connectTimeout : configuration.firstByteTimeout
            )
            record((now - attemptBegan) * 2 >= own ? .failed : .unknown, .timeout, at: now)
        default: record(.unknown, nil, at: now)
        }
    }

    private func record(_ verdict: HostLane.Host.Verdict, _ failure: HostReading.Failure?, at now: MonotonicInstant) {
        host?.record(
            verdict,
            failure,
            duration: now - attemptBegan,
            isProbe: isProbe,
            client.configuration.breaker,
            at: now
        )
        isProbe = false
    }

    /// Ends a streamed call, with what is known of it.
    func close(on connections: Connections) {
        guard case .underway(let transfer) = state else { return }
        let now = MonotonicInstant.now
        if transfer.result != nil {
            end(transfer, on: connections, at: now)
        } else {
            // Whoever reads has had enough.
            connections.finish(transfer)
            if transfer.isHeadComplete {
                record(transfer.head.status, at: now)
                tell(.success(transfer.head.status))
            } else {
                record(.unknown, nil, at: now)
            }
            finish(.failure(error(.reset("the reader closed it"))))
        }
    }
}

extension MonotonicInstant {
    /// A moment that does not come.
    static let never = MonotonicInstant(nanoseconds: .max)
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, by other: String) -> String {
        hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
    }
}
