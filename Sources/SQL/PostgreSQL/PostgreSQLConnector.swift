import CPostgreSQL
import Linux

/// Opens connections to one server, and does not hammer one that is down: for a moment after a failure it answers with that
/// failure, for longer after each.
final class PostgreSQLConnector {
    let location: PostgreSQLLocation

    private var failure: DatabaseError?
    private var failures = 0

    /// How often it has tried.
    private(set) var tries = 0

    private var nextTry = SuspendingClock.now

    init(_ location: PostgreSQLLocation) {
        self.location = location
    }

    /// Pauses between tries.
    private static let shortestPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(1)

    /// How long to wait for a server that does not answer when no deadline ends it sooner.
    private static let longestWait = Duration.seconds(5)

    /// Whoever waits for less than this and gets no answer cannot say that the server is down.
    private static let leastWait = Duration.seconds(1)

    /// Connects, unless the last try has failed only just now.
    func connect(_ limits: BusyTimeout) throws(DatabaseError) -> PostgreSQLConnection {
        if let failure, SuspendingClock.now < nextTry { throw failure }
        tries += 1
        do throws(DatabaseError) {
            let connection = try Self.open(location, limits)
            failure = nil
            failures = 0
            return connection
        } catch {
            if case .busy = error { throw error }
            failure = error
            // Together a service's threads try once in a moment each, not all at the same one.
            let pause = min(Self.shortestPause * (1 << min(failures, 10)), Self.longestPause)
            failures += 1
            nextTry = .now.advanced(by: pause * Double.random(in: 0.75...1))
            throw error
        }
    }

    /// Connects now.
    static func open(_ location: PostgreSQLLocation, _ limits: BusyTimeout) throws(DatabaseError)
        -> PostgreSQLConnection
    {
        if let fault = unsafe cpostgresql_load() {
            throw .unavailable(
                reason: "libpq, PostgreSQL's client library, cannot be loaded: \(unsafe String(cString: fault))",
                remedy: "install it (Debian: apt-get install libpq5)"
            )
        }
        let start = SuspendingClock.now
        let end = min(limits.deadline ?? start.advanced(by: longestWait), start.advanced(by: longestWait))
        let hosts = PostgreSQLHosts.of(location)
        let candidates = hosts.inOrder
        var complaints: [String] = []
        var isSilent = false
        for (tried, candidate) in candidates.enumerated() {
            guard let handle = unsafe self.start(location, candidate.host) else {
                throw .unavailable(reason: "there is no memory for a connection", remedy: "give the service more")
            }
            // One that does not answer leaves their share of the time to the others.
            let now = SuspendingClock.now
            let share = now.duration(to: end) / (candidates.count - tried)
            switch unsafe complete(handle, until: now.advanced(by: min(share, hosts.timeout ?? share))) {
            case .connected:
                hosts.answered(candidate.number)
                return unsafe try PostgreSQLConnection(handle: handle, location: location, limits: limits)
            case .silent:
                isSilent = true
                complaints.append("\(candidate.host?.description ?? "the server") did not answer in time")
            case .refused:
                complaints.append(unsafe String(cString: cpostgresql_connection_error(handle)))
            }
            unsafe cpostgresql_finish(handle)
        }
        // Who had hardly any time has learnt nothing about the server.
        guard !isSilent || start.duration(to: end) >= leastWait else { throw .busy(retryAfter: .seconds(1)) }
        throw .unreachable(location, complaints.joined(separator: "\n"))
    }

    private static func start(_ location: PostgreSQLLocation, _ host: PostgreSQLHosts.Host?) -> OpaquePointer? {
        // What stands behind comes before what stands in front of it; in the middle there is what the URL says.
        var parameters = [
            // A peer that is gone without a word is noticed within seconds, idle or not (tcp(7)).
            ("tcp_user_timeout", "5000"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
            ("keepalives_count", "3"), ("fallback_application_name", "panal"), ("dbname", location.secretURL),
            ("client_encoding", "UTF8"),
        ]
        if let host {
            parameters += [("host", host.name), ("hostaddr", host.address), ("port", host.port)]
            if let session = host.session { parameters.append(("target_session_attrs", session)) }
        }
        return unsafe withCStrings(parameters.map(\.0)) { keywords in
            unsafe withCStrings(parameters.map(\.1)) { values in
                // It may ask a name server, and waits for it.
                unsafe blocking { unsafe cpostgresql_connect_start(keywords, values) }
            }
        }
    }

    /// Runs the body with the texts as C strings, ended by NULL.
    private static func withCStrings<Result>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        var bytes: [CChar] = []
        var starts: [Int] = []
        for text in texts {
            starts.append(bytes.count)
            bytes += text.utf8.map { CChar(bitPattern: $0) }
            bytes.append(0)
        }
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            var pointers: [UnsafePointer<CChar>?] = unsafe []
            for start in starts { unsafe pointers.append(bytes.baseAddress.map { unsafe $0 + start }) }
            unsafe pointers.append(nil)
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                guard let base = pointers.baseAddress else { preconditionFailure("there is one, for the end") }
                return unsafe body(base)
            }
        }
    }

    /// What came of a try to connect.
    private enum Completion {
        case connected, silent, refused
    }

    private static func complete(_ handle: OpaquePointer, until end: SuspendingClock.Instant) -> Completion {
        // libpq wants to write first.
        var state: CInt = unsafe cpostgresql_is_bad(handle) ? failed : toWrite
        while state == toRead || state == toWrite {
            let left = SuspendingClock.now.duration(to: end).nanoseconds
            guard left > 0 else { return .silent }
            // The socket may have become another: libpq goes through all addresses of a name.
            let socket = unsafe cpostgresql_socket(handle)
            if blocking({ cpostgresql_wait(socket, state == toRead, state == toWrite, left) }) == 1 {
                state = unsafe cpostgresql_connect_poll(handle)
            }
        }
        return state == connected ? .connected : .refused
    }

    // PostgresPollingStatusType of libpq-fe.h.
    private static let failed: CInt = 0
    private static let toRead: CInt = 1
    private static let toWrite: CInt = 2
    private static let connected: CInt = 3
}
