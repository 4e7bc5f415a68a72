public import ArgumentParser
public import HTTPServer
public import Jobs
public import SQL

/// A service, as its author writes it: a name, settings of its own, routes. Everything else is said here.
///
/// ```swift
/// @main
/// struct App: Service {
///     static let info = ServiceInfo(name: "greeter", summary: "Greets.", revision: BuildInfo.revision, date: BuildInfo.date)
///
///     static func addRoutes(to router: inout Router, _ dependencies: Dependencies<NoSettings>) {
///         router.get("/hello") { _ in .text("hello\n") }
///     }
/// }
/// ```
public protocol Service: Sendable {
    /// The settings that this service adds to those of all.
    associatedtype Settings: SettingsGroup = NoSettings

    /// What it is called, and which release this is.
    static var info: ServiceInfo { get }

    /// The schema of its database, in steps; `nil` for a service that keeps no data. With migrations there are a
    /// `DATABASE_URL`, the commands `migrate`, `backup` and `restore`, and a database for each thread.
    static var migrations: [Migration]? { get }

    /// By variable: defaults of common settings that are others for this service.
    static var defaults: [String: String] { get }

    /// Its own kinds of problem, explained under `/problems`.
    static var problems: [ProblemKind] { get }

    /// Header fields that every answer has which does not have them itself, so that browsers do nothing with it that nobody wants;
    /// `nil` for none.
    static var securityHeaders: SecurityHeaders? { get }

    /// Its own admin tasks, beside `serve`, `migrate`, `config` and the others.
    static var commands: [any ParsableCommand.Type] { get }

    /// Adds the service's routes. Health, the problems' explanations and an index are added behind them.
    ///
    /// They are closed unless said otherwise: where `API_KEYS` is set they ask for a key with the scope `read` (safe methods) or
    /// `write` (others), or the one of their group: `router.group(access: .scope("audit"))`, `router.group(access: .open)`.
    ///
    /// Called in each worker, and by `routes`. It must not open what a route needs only when it is asked.
    static func addRoutes(to router: inout Router, _ dependencies: Dependencies<Settings>)

    /// Adds what is done outside of requests: a handler for each kind of job that the service adds to its database, and what is
    /// done periodically. The command `work` does it; the schema must have the tables of jobs.
    ///
    /// Called in each job worker. It must not open what a job needs only when it runs.
    static func addJobs(to jobs: inout JobHandlers, _ dependencies: Dependencies<Settings>)
}

extension Service {
    /// ``SecurityHeaders`` as they are for an API.
    public static var securityHeaders: SecurityHeaders? { SecurityHeaders() }
    /// No database.
    public static var migrations: [Migration]? { nil }
    /// The defaults of the declarations.
    public static var defaults: [String: String] { [:] }
    /// None.
    public static func addJobs(to jobs: inout JobHandlers, _ dependencies: Dependencies<Settings>) {}
    /// None.
    public static var problems: [ProblemKind] { [] }
    /// None.
    public static var commands: [any ParsableCommand.Type] { [] }
}

/// What a service is called, and which release of it this is.
public struct ServiceInfo: Sendable {
    /// One word in lower case: it begins process titles (`panal: worker 1`) and labels the log.
    public let name: String
    /// What the service does, in a line.
    public let summary: String
    /// The release: a git revision.
    public let revision: String
    /// When that was committed, RFC 3339 in UTC.
    public let date: String
    /// The Swift packages that are linked, as JSON, for the bill of materials (`version --sbom`).
    public let packages: String

    /// A service's name and release; the plugin `BuildInfo` knows revision, date and packages.
    public init(name: String, summary: String, revision: String, date: String, packages: String = "[]") {
        self.name = name
        self.summary = summary
        self.revision = revision
        self.date = date
        self.packages = packages
    }
}
