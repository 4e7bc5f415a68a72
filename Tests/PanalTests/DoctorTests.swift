import Prefork
import SQL
import Testing

@testable import Panal

@Suite("The doctor")
struct DoctorTests {
    private func findings(
        _ variables: [String: String] = [:],
        hasDatabase: Bool = false,
        _ change: (inout Surroundings) -> Void = { _ in }
    ) throws -> [String: Finding] {
        var surroundings = Surroundings()
        surroundings.processors = ProcessorBudget(processors: 2)
        surroundings.openFiles = 1 << 20
        surroundings.longestBacklog = 4096
        surroundings.clockIsSynchronized = true
        change(&surroundings)
        let settings = try ServiceSettings<NoSettings>(
            ["HOST": "127.0.0.1", "OPS_PORT": "9090"].merging(variables) { $1 },
            hasDatabase: hasDatabase
        )
        let findings = Examination(settings: settings, surroundings: surroundings).findings
        return Dictionary(uniqueKeysWithValues: findings.map { ($0.subject, $0) })
    }

    @Test("has nothing to say about a service as it comes, on a host that is as it should be")
    func healthy() throws {
        let findings = try findings()
        #expect(findings.values.filter { $0.weight != .fine } == [])
        #expect(findings.values.allSatisfy { $0.remedy == nil })
    }

    @Test(
        "names what will surprise its operator, and what to change",
        arguments: [
            ("access", ["HOST": "::"], "API_KEYS"), ("workers", ["WEB_CONCURRENCY": "32"], "WEB_THREADS"),
            ("stop", ["SHUTDOWN_TIMEOUT": "10s"], "cuts long requests off"),
            ("keep-alive", ["KEEPALIVE_TIMEOUT": "30s"], "KEEPALIVE_TIMEOUT"),
            ("backlog", ["BACKLOG": "65535"], "somaxconn"),
            ("descriptors", ["MAX_CONNECTIONS": "1048576"], "MAX_CONNECTIONS"),
        ]
    )
    func settings(_ subject: String, _ variables: [String: String], _ remedy: String) throws {
        let finding = try #require(findings(variables)[subject])
        #expect(finding.weight == .advice)
        #expect(finding.remedy?.contains(remedy) == true)
    }

    @Test("holds the time that a stop takes against what the platform grants")
    func grace() throws {
        func weight(_ platform: Platform, _ variables: [String: String] = [:]) throws -> Finding.Weight? {
            try findings(variables) { $0.platform = platform }["stop"]?.weight
        }
        #expect(try weight(.heroku) == .fine)
        #expect(try weight(.kubernetes, ["DRAIN_DELAY": "10s"]) == .advice)
        #expect(try weight(.systemd, ["DRAIN_DELAY": "10s"]) == .fine)
        #expect(try weight(.container) == .advice)
        #expect(try weight(.container, ["SHUTDOWN_TIMEOUT": "8s", "REQUEST_TIMEOUT": "5s"]) == .fine)
        #expect(try weight(.procfileRunner) == .advice)
        #expect(try weight(.unknown) == .fine)
    }

    @Test("knows a platform by what it puts into the environment")
    func platform() {
        #expect(Platform(["DYNO": "web.1"], isContainer: true) == .heroku)
        #expect(Platform(["KUBERNETES_SERVICE_HOST": "10.0.0.1"], isContainer: true) == .kubernetes)
        #expect(Platform(["HONCHO_PROCESS_NAME": "web.1"], isContainer: false) == .procfileRunner)
        #expect(Platform(["INVOCATION_ID": "1"], isContainer: false) == .systemd)
        #expect(Platform([:], isContainer: true) == .container)
        #expect(Platform([:], isContainer: false) == .unknown)
    }

    @Test("holds memory and tasks against the control group's limits")
    func limits() throws {
        #expect(try findings { $0.processors.memory = 512 << 20 }["memory"]?.weight == .fine)
        #expect(try findings { $0.processors.memory = 64 << 20 }["memory"]?.weight == .advice)
        #expect(try findings(["WEB_CONCURRENCY": "8"]) { $0.tasks = 1000 }["tasks"]?.weight == .fine)
        #expect(try findings(["WEB_CONCURRENCY": "8"]) { $0.tasks = 100 }["tasks"]?.weight == .fault)
    }

    @Test("says what keeps the database from serving, and for how many instances its connections are enough")
    func database() throws {
        func finding(_ subject: String, _ database: Surroundings.DatabaseFindings) throws -> Finding? {
            try findings(hasDatabase: true) { $0.database = database }[subject]
        }
        #expect(try finding("database", .init(readiness: .ready))?.weight == .fine)
        #expect(try finding("database", .init(readiness: .unready(.readOnly("gone"))))?.weight == .fault)
        #expect(try finding("database", .init(readiness: .readable(obstacle: .readOnly("full"))))?.weight == .fault)
        func connections(_ count: Int) throws -> Finding? {
            try finding("connections", .init(readiness: .ready, capacity: .set(count)))
        }
        #expect(try connections(1000)?.weight == .fine)
        #expect(try connections(60)?.weight == .advice)
        #expect(try connections(2)?.weight == .fault)
        #expect(try finding("clocks", .init(readiness: .ready, clockOffset: .milliseconds(-3)))?.weight == .fine)
        #expect(try finding("clocks", .init(readiness: .ready, clockOffset: .seconds(-3)))?.weight == .advice)
    }
}
