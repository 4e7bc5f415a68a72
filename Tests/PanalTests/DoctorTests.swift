import Linux
import Prefork
import SQL
import Testing

@testable import Panal

@Suite("The doctor")
struct DoctorTests {
    private func findings(
        _ variables: [String: String] = [:],
        hasDatabase: Bool = false,
        expecting expectations: Expectations = Expectations(),
        _ change: (inout Surroundings) -> Void = { _ in }
    ) throws -> [Finding] {
        var surroundings = Surroundings()
        surroundings.processors = ProcessorBudget(processors: 2)
        surroundings.hostMemory = 8 << 30
        surroundings.openFiles = 1 << 20
        surroundings.processes = 1 << 15
        surroundings.longestBacklog = 4096
        surroundings.clockIsSynchronized = true
        surroundings.clockSource = "tsc"
        surroundings.kernel = (6, 1)
        surroundings.fileMask = 0o022
        change(&surroundings)
        let settings = try ServiceSettings<NoSettings>(
            ["HOST": "127.0.0.1", "OPS_PORT": "9090"].merging(variables) { $1 },
            hasDatabase: hasDatabase
        )
        return Examination(settings: settings, surroundings: surroundings, expectations: expectations).findings
    }

    private func finding(
        _ subject: String,
        _ variables: [String: String] = [:],
        expecting expectations: Expectations = Expectations(),
        _ change: (inout Surroundings) -> Void = { _ in }
    ) throws -> Finding? {
        let found = try findings(variables, expecting: expectations, change).filter { $0.subject == subject }
        #expect(found.count <= 1)
        return found.first
    }

    @Test("has nothing to say about a service as it comes, on a host that is as it should be")
    func healthy() throws {
        let findings = try findings()
        #expect(findings.filter { $0.weight != .fine } == [])
        #expect(findings.allSatisfy { $0.why == nil && $0.remedy == nil })
        #expect(Set(findings.map(\.subject)).count == findings.count)
    }

    struct Case: CustomTestStringConvertible {
        var subject: String
        var weight = Finding.Weight.advice
        var variables: [String: String] = [:]
        var change: @Sendable (inout Surroundings) -> Void = { _ in }
        var remedy: String

        var testDescription: String { "\(subject): \(remedy)" }
    }

    /// Each differs in one thing from a service of which there is nothing to say.
    @Test(
        "names what it saw, why that matters, and what to change",
        arguments: [
            Case(subject: "access", variables: ["HOST": "::"], remedy: "API_KEYS"),
            Case(subject: "answers", variables: ["DEBUG_HEADERS": "on"], remedy: "DEBUG_HEADERS"),
            Case(subject: "backlog", variables: ["BACKLOG": "65535"], remedy: "somaxconn"),
            Case(subject: "backlog", change: { $0.longestBacklog = 128 }, remedy: "BACKLOG"),
            Case(subject: "clock", change: { $0.clockIsSynchronized = false }, remedy: "chrony"),
            Case(subject: "clock source", change: { $0.clockSource = "hpet" }, remedy: "tsc"),
            Case(subject: "descriptors", variables: ["MAX_CONNECTIONS": "1048576"], remedy: "MAX_CONNECTIONS"),
            Case(subject: "descriptors", change: { $0.openFiles = 1024 }, remedy: "LimitNOFILE"),
            Case(subject: "keep-alive", variables: ["KEEPALIVE_TIMEOUT": "30s"], remedy: "KEEPALIVE_TIMEOUT to 65s"),
            Case(subject: "kernel", change: { $0.kernel = (5, 6) }, remedy: "DRAIN_DELAY"),
            Case(subject: "memory", change: { $0.processors.memory = 64 << 20 }, remedy: "MAX_BODY_MEMORY"),
            Case(subject: "memory", variables: ["MAX_BODY_MEMORY": "8GB"], remedy: "MAX_BODY_MEMORY"),
            Case(subject: "metrics", variables: ["OPS_PORT": ""], remedy: "OPS_PORT"),
            Case(
                subject: "metrics",
                change: { $0.opsPortObstacle = .addressInUse(.tcp(host: "127.0.0.1", port: 9090)) },
                remedy: "OPS_PORT"
            ),
            Case(
                subject: "port",
                change: { $0.portObstacle = .addressInUse(.tcp(host: "::", port: 8080)) },
                remedy: "PORT"
            ),
            Case(
                subject: "port",
                weight: .fault,
                change: { $0.portObstacle = .notPermitted(.tcp(host: "::", port: 80)) },
                remedy: "PORT"
            ),
            Case(subject: "processes", weight: .fault, change: { $0.processes = 60 }, remedy: "LimitNPROC"),
            Case(subject: "secrets", change: { $0.environmentSecrets = ["OPS_TOKEN"] }, remedy: "OPS_TOKEN_FILE"),
            Case(subject: "secrets", change: { $0.readableSecretFiles = ["/etc/key"] }, remedy: "chmod 400 /etc/key"),
            Case(subject: "settings", variables: ["WEB_CONCURENCY": "2"], remedy: "WEB_CONCURRENCY"),
            Case(subject: "stop", variables: ["SHUTDOWN_TIMEOUT": "10s"], remedy: "raise the one"),
            Case(subject: "stop", change: { $0.platform = .container }, remedy: "docker stop"),
            Case(subject: "tasks", weight: .fault, change: { $0.processors.tasks = 60 }, remedy: "pids.max"),
            Case(subject: "user", change: { $0.isRoot = true }, remedy: "User="),
            Case(subject: "user", change: { $0.fileMask = 0 }, remedy: "umask 077"),
            Case(subject: "workers", variables: ["WEB_CONCURRENCY": "32"], remedy: "WEB_THREADS"),
        ]
    )
    func appears(_ example: Case) throws {
        let finding = try #require(try self.finding(example.subject, example.variables, example.change))
        #expect(finding.weight == example.weight)
        #expect(finding.why?.isEmpty == false)
        #expect(finding.remedy?.contains(example.remedy) == true, "\(finding)")
        // What is said of one thing alone: the rest is as it was, but that more workers need more of everything.
        let others = try findings(example.variables, example.change).filter { $0.weight != .fine }
        #expect(others.map(\.subject) == [example.subject] || example.subject == "workers")
    }

    @Test("holds the time that a stop takes against what the platform grants, or a person says")
    func grace() throws {
        func weight(_ platform: Platform, _ variables: [String: String] = [:], grace: Duration? = nil) throws -> Finding
            .Weight?
        {
            try finding("stop", variables, expecting: Expectations(grace: grace)) { $0.platform = platform }?.weight
        }
        #expect(try weight(.heroku) == .fine)
        #expect(try weight(.ecs) == .fine)
        #expect(try weight(.cloudRun) == .advice)
        #expect(try weight(.fly) == .advice)
        #expect(try weight(.kubernetes, ["DRAIN_DELAY": "10s"]) == .advice)
        #expect(try weight(.kubernetes, ["DRAIN_DELAY": "10s"], grace: .seconds(45)) == .fine)
        #expect(try weight(.systemd, ["DRAIN_DELAY": "10s"]) == .fine)
        #expect(try weight(.systemd, ["DRAIN_DELAY": "10s"], grace: .seconds(30)) == .advice)
        #expect(try weight(.container) == .advice)
        #expect(try weight(.container, ["SHUTDOWN_TIMEOUT": "8s", "REQUEST_TIMEOUT": "5s"]) == .fine)
        #expect(try weight(.procfileRunner) == .advice)
        #expect(try weight(.unknown) == .fine)
    }

    @Test("holds idle connections against the balancer's, which the platform comes with or a person names")
    func keepAlive() throws {
        func weight(_ timeout: String, _ platform: Platform = .unknown, balancer: Duration? = nil) throws -> Finding
            .Weight?
        {
            let expectations = Expectations(balancer: balancer)
            return try finding("keep-alive", ["KEEPALIVE_TIMEOUT": timeout], expecting: expectations) {
                $0.platform = platform
            }?
            .weight
        }
        #expect(try weight("60s") == .advice)
        #expect(try weight("61s") == .fine)
        #expect(try weight("61s", .heroku) == .advice)
        #expect(try weight("95s", .heroku) == .fine)
        #expect(try weight("95s", balancer: .seconds(600)) == .advice)
        #expect(try weight("30s", balancer: .seconds(20)) == .fine)
    }

    @Test("knows a platform by what it puts into the environment")
    func platform() {
        #expect(Platform(["DYNO": "web.1"], isContainer: true) == .heroku)
        #expect(Platform(["K_SERVICE": "x"], isContainer: true) == .cloudRun)
        #expect(Platform(["FLY_APP_NAME": "x"], isContainer: false) == .fly)
        #expect(Platform(["ECS_CONTAINER_METADATA_URI_V4": "x"], isContainer: true) == .ecs)
        #expect(Platform(["KUBERNETES_SERVICE_HOST": "10.0.0.1"], isContainer: true) == .kubernetes)
        #expect(Platform(["HONCHO_PROCESS_NAME": "web.1"], isContainer: false) == .procfileRunner)
        #expect(Platform(["INVOCATION_ID": "1"], isContainer: false) == .systemd)
        #expect(Platform([:], isContainer: true) == .container)
        #expect(Platform([:], isContainer: false) == .unknown)
    }

    @Test("finds the secrets of an environment by name, and a database's URL only when it holds one")
    func secrets() throws {
        let declarations = try ServiceSettings<NoSettings>([:], hasDatabase: true).declarations
        func secrets(_ variables: [String: String]) -> [String] { Surroundings.secrets(in: variables, declarations) }
        #expect(secrets(["API_KEYS": "ada=read:sha256:00", "OPS_TOKEN": "0123456789abcdef"]) == ["OPS_TOKEN"])
        #expect(secrets(["API_KEYS_FILE": "/run/secrets/keys", "PORT": "1", "OPS_TOKEN": ""]) == [])
        #expect(secrets(["DATABASE_URL": "sqlite:data/x.sqlite"]) == [])
        #expect(secrets(["DATABASE_URL": "postgres://me@host/x"]) == [])
        #expect(secrets(["DATABASE_URL": "postgres://me:word@host/x"]) == ["DATABASE_URL"])
        // There they are where the platform keeps them, and files are everybody's who is in the container.
        #expect(
            try finding("secrets") {
                $0.environmentSecrets = ["OPS_TOKEN"]
                $0.platform = .heroku
            }?.weight == .fine
        )
        #expect(
            try finding("secrets") {
                $0.readableSecretFiles = ["/run/secrets/key"]
                $0.platform = .kubernetes
            }?.weight == .fine
        )
    }

    @Test("reads limits and releases as the kernel writes them")
    func texts() {
        let limits = """
            Limit                     Soft Limit           Hard Limit           Units
            Max processes             63432                unlimited            processes
            Max open files            1024                 524288               files
            """
        #expect(Surroundings.limit("Max open files", column: 1, in: limits) == 524_288)
        #expect(Surroundings.limit("Max processes", column: 0, in: limits) == 63_432)
        #expect(Surroundings.limit("Max processes", column: 1, in: limits) == nil)
        #expect(Surroundings.limit("Max open files", column: 1, in: "") == nil)
        #expect(Surroundings.release("6.1.0-13-amd64\n").map { [$0.major, $0.minor] } == [6, 1])
        #expect(Surroundings.release("5.15-rc1").map { [$0.major, $0.minor] } == [5, 15])
        #expect(Surroundings.release("?") == nil)
    }

    @Test("says what keeps the database from serving, where it lies, and what reads it")
    func database() throws {
        func finding(
            _ subject: String,
            _ database: Surroundings.DatabaseFindings,
            _ variables: [String: String] = [:],
            on platform: Platform = .unknown
        ) throws -> Finding? {
            try findings(variables, hasDatabase: true) {
                $0.database = database
                $0.platform = platform
            }.first { $0.subject == subject }
        }
        func place(_ kind: String, free: Int = 1 << 40, database: Int = 0) -> Surroundings.DatabaseFindings {
            let fileSystem = FileSystem(kind: kind, freeBytes: free, totalBytes: 1 << 40)
            return .init(
                readiness: .ready,
                place: .init(directory: "/data", fileSystem: fileSystem, databaseBytes: database)
            )
        }
        #expect(try findings(hasDatabase: true).contains { $0.subject == "database" } == false)
        #expect(try finding("database", .init(readiness: .ready))?.weight == .fine)
        #expect(try finding("database", .init(readiness: .unready(.readOnly("gone"))))?.weight == .fault)
        let unprepared = try finding("database", .init(readiness: .unready(.unprepared("nothing there"))))
        #expect(unprepared?.remedy == "run the `migrate` command")
        let full = try finding("database", .init(readiness: .readable(obstacle: .full("no room"))))
        #expect(full?.weight == .fault)
        #expect(full?.remedy?.contains("make room") == true)

        #expect(try finding("disk", place("ext4"))?.weight == .fine)
        #expect(try finding("disk", place("overlay"))?.weight == .advice)
        #expect(try finding("disk", place("tmpfs"))?.weight == .advice)
        #expect(try finding("disk", place("ext4"), on: .heroku)?.weight == .advice)
        #expect(try finding("space", place("ext4"))?.weight == .fine)
        #expect(try finding("space", place("ext4", free: 100 << 20))?.weight == .advice)
        #expect(try finding("space", place("ext4", free: 1 << 30, database: 2 << 30))?.weight == .advice)

        func library(_ hasLogResetBug: Bool) -> Surroundings.DatabaseFindings {
            .init(readiness: .ready, library: .init(version: "3.40.1", hasLogResetBug: hasLogResetBug))
        }
        #expect(try finding("library", library(false), ["CHECKPOINTS": "external"])?.weight == .fine)
        #expect(try finding("library", library(true), ["CHECKPOINTS": "auto"])?.weight == .fine)
        #expect(try finding("library", library(true), ["CHECKPOINTS": "external"])?.weight == .advice)

        #expect(try finding("clocks", .init(readiness: .ready, clockOffset: .milliseconds(-3)))?.weight == .fine)
        #expect(try finding("clocks", .init(readiness: .ready, clockOffset: .seconds(-3)))?.weight == .advice)
    }

    @Test("holds connections of all instances against the server's")
    func connections() throws {
        func finding(_ capacity: DatabaseSettings.Capacity, instances: Int = 1) throws -> Finding? {
            try findings(hasDatabase: true, expecting: Expectations(instances: instances)) {
                $0.database = .init(readiness: .ready, capacity: capacity)
            }.first { $0.subject == "connections" }
        }
        func server(_ limit: Int?, isPooled: Bool = false) -> DatabaseSettings.Capacity {
            .known(ConnectionCapacity(limit: limit, isPooled: isPooled))
        }
        #expect(try finding(server(1000))?.weight == .fine)
        #expect(try finding(server(100))?.weight == .fine)
        let crowded = try finding(server(100), instances: 3)
        #expect(crowded?.weight == .advice)
        #expect(crowded?.remedy?.contains("DATABASE_CONNECTIONS to 33") == true)
        #expect(try finding(.set(33), instances: 3)?.weight == .fine)
        #expect(try finding(server(100, isPooled: true), instances: 30)?.weight == .fine)
        #expect(try finding(server(nil), instances: 30)?.weight == .fine)
        #expect(try finding(server(2))?.weight == .fault)
        #expect(try finding(.unknown("it does not answer"))?.weight == .advice)
    }

    @Test("writes for people and for programs, and colours for terminals alone")
    func forms() throws {
        let findings = try findings(["WEB_CONCURRENCY": "32"]) { $0.processors.tasks = 60 }
        let text = findings.text()
        #expect(text.contains("FAULT   tasks"))
        #expect(text.contains("because: "))
        #expect(text.contains("change:  "))
        #expect(!text.contains("\u{1B}"))
        #expect(findings.text(isColoured: true).contains("\u{1B}[31mFAULT \u{1B}[0m"))
        #expect(
            findings.json.hasPrefix(#"{"faults":1,"advice":1,"findings":[{"subject":"port","weight":"fine","saw":"#)
        )
    }
}
