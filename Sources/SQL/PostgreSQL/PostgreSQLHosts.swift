import CPostgreSQL
import Glibc
import Linux
import Synchronization

/// The hosts of a URL that names several, and which of them answered last: all threads of the process ask that one first.
///
/// libpq would go through them by itself, but a connection that is made without blocking never gives one up that does not
/// answer at all (PostgreSQL, "libpq — C Library", PQconnectStartParams: `connect_timeout` is the application's to enforce).
/// So each is a try of its own here.
final class PostgreSQLHosts: Sendable {
    /// One host, as libpq's parameters name it. What the URL does not name is empty: libpq's own default.
    struct Host: Sendable {
        let name: String
        let address: String
        let port: String
        /// What the server has to be, when it is not as the URL says: `prefer-standby` is a matter of two rounds.
        let session: String?

        /// How an operator knows it.
        var description: String { name.isEmpty ? address : name }
    }

    private let hosts: [Host]
    private let latest = Atomic(0)

    /// The longest that one of them may take to answer: the URL's `connect_timeout`; nil for as long as there is time.
    let timeout: Duration?

    /// The hosts in the order in which to try them; without one where the URL does not name several.
    var inOrder: [(number: Int, host: Host?)] {
        guard !hosts.isEmpty else { return [(0, nil)] }
        let latest = latest.load(ordering: .relaxed)
        let numbered = hosts.enumerated().map { (number: $0.offset, host: Optional($0.element)) }
        return numbered.filter { $0.number == latest } + numbered.filter { $0.number != latest }
    }

    /// Remembers that a host has answered as it should.
    func answered(_ number: Int) { latest.store(number, ordering: .relaxed) }

    private static let known = Lock<[PostgreSQLLocation: PostgreSQLHosts]>([:])

    /// The hosts of a location. libpq has to be loaded.
    static func of(_ location: PostgreSQLLocation) -> PostgreSQLHosts {
        known.withLock { known in
            if let hosts = known[location] { return hosts }
            let hosts = PostgreSQLHosts(location)
            known[location] = hosts
            return hosts
        }
    }

    private init(_ location: PostgreSQLLocation) {
        func list(_ keyword: String) -> [String] {
            guard let value = unsafe cpostgresql_url_value(location.secretURL, keyword) else { return [] }
            defer { unsafe free(value) }
            return unsafe String(cString: value).split(separator: ",", omittingEmptySubsequences: false).map(
                String.init
            )
        }
        let seconds = list("connect_timeout").first.flatMap { Int($0) } ?? 0
        // libpq, too, takes less than two seconds for two.
        timeout = seconds > 0 ? .seconds(max(2, seconds)) : nil
        let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
        let count = max(names.count, addresses.count)
        let isSound =
            (names.isEmpty || addresses.isEmpty || names.count == addresses.count)
            && (ports.count <= 1 || ports.count == count)
        // What is not sound libpq has words for.
        guard count > 1, isSound else {
            hosts = []
            return
        }
        let all = (0..<count).map { number in
            { session in
                Host(
                    name: names.isEmpty ? "" : names[number],
                    address: addresses.isEmpty ? "" : addresses[number],
                    port: ports.count == count ? ports[number] : ports.first ?? "",
                    session: session
                )
            } as (String?) -> Host
        }
        hosts =
            list("target_session_attrs") == ["prefer-standby"]
            ? all.map { $0("standby") } + all.map { $0("any") } : all.map { $0(nil) }
    }
}
