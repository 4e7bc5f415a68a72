import Prefork
import SQL

extension DatabaseSettings {
    /// How many connections this instance may have.
    enum Capacity: Hashable {
        /// What `DATABASE_CONNECTIONS` says.
        case set(Int)
        /// What the server says.
        case known(ConnectionCapacity)
        /// The server did not answer, for this reason.
        case unknown(String)

        /// How many that are; `nil` when nothing limits them, or nobody knows. A pooler shares out what the server has, and
        /// lets its clients wait.
        var limit: Int? {
            switch self {
            case .set(let count): count
            case .known(let capacity): capacity.isPooled ? nil : capacity.limit
            case .unknown: nil
            }
        }
    }

    /// Asks the server, unless a number is set; `nil` for a database that has no server.
    ///
    /// To be called before there is a supervisor: a child asks, and is waited for as long as a server takes that is there.
    func capacity() -> Capacity? {
        guard case .postgreSQL = url.location else { return nil }
        if case .fixed(let count) = connections { return .set(count) }
        let url = url
        let answer = ChildProcess.run(within: Self.patience + .milliseconds(500)) {
            let database = Database(url)
            database.deadline = .now.advanced(by: Self.patience)
            do throws(DatabaseError) {
                return try database.connectionCapacity().map(Self.text) ?? ""
            } catch {
                return Self.failure + error.description
            }
        }
        guard let answer else { return .unknown("the server did not answer in time") }
        return Self.capacity(of: answer)
    }

    /// A service whose database is down starts all the same, and this much later.
    private static let patience = Duration.seconds(2)

    private static let failure = "failed "

    private static func text(of capacity: ConnectionCapacity) -> String {
        "\(capacity.limit ?? 0) \(capacity.isPooled)"
    }

    private static func capacity(of answer: String) -> Capacity {
        guard !answer.hasPrefix(failure) else { return .unknown(String(answer.dropFirst(failure.count))) }
        let words = answer.split(separator: " ")
        guard words.count == 2, let limit = Int(words[0]) else { return .unknown("the server says \(answer)") }
        return .known(ConnectionCapacity(limit: limit > 0 ? limit : nil, isPooled: words[1] == "true"))
    }
}
