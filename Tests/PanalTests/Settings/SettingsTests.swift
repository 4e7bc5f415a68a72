import HTTPServer
import Prefork
import Testing

@testable import Panal

@Suite("Settings")
struct SettingsTests {
    private typealias Settings = ServiceSettings<NoSettings>

    private func settings(_ environment: [String: String]) throws(InvalidSettings) -> Settings {
        try Settings(environment, hasDatabase: true)
    }

    private static let declarations = (try? Settings([:], hasDatabase: true).declarations) ?? []

    private func faults(_ environment: [String: String]) -> [SettingFault] {
        do {
            _ = try settings(environment)
            return []
        } catch {
            return error.faults
        }
    }

    @Test("an empty environment gives the defaults of the declarations")
    func defaults() throws {
        let settings = try settings([:])
        #expect(settings.server.port == 8080)
        #expect(settings.server.host == "::")
        #expect(settings.server.workers == .auto)
        #expect(settings.server.shutdownTimeout == .seconds(20))
        #expect(settings.server.keepAliveTimeout == .seconds(95))
        #expect(settings.server.maxBodySize == 1_000_000)
        #expect(settings.found.map(\.key) == Self.declarations.map(\.key))
        #expect(settings.found.allSatisfy { $0.source == .default })
    }

    @Test("an empty variable counts as unset")
    func empty() throws {
        #expect(try settings(["PORT": "", "WEB_CONCURRENCY": ""]).server.port == 8080)
    }

    @Test("one that would open the API is a fault when it is empty, unless its file says something")
    func emptyDoor() throws {
        for key in ["API_KEYS", "API_KEYS_FILE", "RATE_LIMIT", "RATE_LIMIT_ADDRESS"] {
            let found = faults([key: ""])
            #expect(found.map(\.key) == [key])
            #expect(found.first?.expected.hasSuffix(", or \(key) to be unset") == true)
        }
        #expect(try settings(["API_KEYS": "open", "API_KEYS_FILE": ""]).server.apiKeys.isDeclaredOpen)
        let both = faults(["API_KEYS": "", "API_KEYS_FILE": "/nowhere"])
        #expect(both.map(\.key) == ["API_KEYS_FILE"], "it is the file that counts")
    }

    @Test("every fault is reported, with its key, its value and what is expected")
    func allFaults() {
        let found = faults(["PORT": "80a", "WEB_CONCURRENCY": "8-2", "REQUEST_TIMEOUT": "soon", "LOG_LEVEL": "info"])
        #expect(found.map(\.key) == ["PORT", "WEB_CONCURRENCY", "REQUEST_TIMEOUT"])
        #expect(found.map(\.value) == ["80a", "8-2", "soon"])
        #expect(found[0].description == "PORT=80a: expected a port number, 0 to 65535")
    }

    @Test(
        "a value that is almost right is refused, never replaced by the default",
        arguments: [
            ("PORT", "65536"), ("PORT", "-1"), ("PORT", " 80"), ("PORT", "8080 "), ("PORT", "0x50"), ("PORT", "+80"),
            ("HOST", "a b"), ("HOST", "unix:relative"), ("HOST", "[::]"), ("HOST", "10.0.0.0/8"), ("HOST", "::/0"),
            ("HOST", "192.0.2.1/32"), ("HOST", "127.0.0.256"), ("HOST", "127.1"), ("HOST", "1"), ("HOST", "a..b"),
            ("HOST", ".a"), ("HOST", "-a"), ("HOST", "a-.b"), ("HOST", "::1%lo"), ("HOST", "fe80::1%eth0"),
            ("HOST", "unix:/"), ("HOST", "unix:/run/"), ("HOST", "unix:/" + String(repeating: "x", count: 107)),
            ("HOST", String(repeating: "x", count: 64)), ("HOST", "bücher.example"),
            ("WEB_CONCURRENCY", "0"), ("WEB_CONCURRENCY", "201"), ("WEB_CONCURRENCY", "2-"),
            ("WEB_CONCURRENCY", "1-2-3"), ("WEB_CONCURRENCY", "+2"),
            ("DATABASE_URL", "postgres:host/db"), ("DATABASE_URL", "sqlite::memory:"), ("DATABASE_URL", "sqlite:"),
            ("DATABASE_URL", "data.sqlite"), ("LOG_LEVEL", "INFO"), ("REQUEST_TIMEOUT", "0"),
            ("REQUEST_TIMEOUT", "-1s"),
            ("REQUEST_TIMEOUT", "5 s"), ("REQUEST_TIMEOUT", "1e3"), ("REQUEST_TIMEOUT", "8000h"),
            ("MAX_BODY_SIZE", "1.5MB"), ("MAX_BODY_SIZE", "9999999999GB"), ("MAX_BODY_SIZE", "2GiB"),
            ("MAX_REQUESTS", "-1"), ("MAX_REQUESTS", "-0"), ("MAX_REQUESTS", "9223372036854775807"),
            ("TRUSTED_PROXIES", "10.0.0.0/33"), ("TRUSTED_PROXIES", "10.0.0.1/8"), ("TRUSTED_PROXIES", "proxy"),
            ("TRUSTED_PROXIES", "10.0.0.0/+8"), ("TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
            ("API_KEYS", "a-plain-key-0123456789"), ("API_KEYS", "OPEN"), ("API_KEYS", "open,"), ("API_KEYS", "none"),
            ("RATE_LIMIT_ADDRESS", "100"), ("RATE_LIMIT_ADDRESS", "0/s"), ("RATE_LIMIT_ADDRESS", "1000001/s"),
            ("RATE_LIMIT_ADDRESS", "1/0s"), ("RATE_LIMIT_ADDRESS", "1/2h"), ("RATE_LIMIT_ADDRESS", "1/500ms"),
            ("RATE_LIMIT_ADDRESS", "1/1.5s"), ("RATE_LIMIT_ADDRESS", "/s"), ("RATE_LIMIT_ADDRESS", "1/"),
            ("RATE_LIMIT_ADDRESS", "1/10"), ("RATE_LIMIT_ADDRESS", "-1/s"), ("RATE_LIMIT_ADDRESS", "1/d"),
            ("RATE_LIMIT", "100/s"), ("PROXY_HEADERS", "both"),
        ] as [(String, String)]
    )
    func refused(key: String, value: String) {
        #expect(faults([key: value]).map(\.key) == [key])
    }

    @Test(
        "an address, a name or the path of a socket is where it can listen",
        arguments: [
            "::", "::1", "0.0.0.0", "127.0.0.1", "::ffff:127.0.0.1", "localhost", "a", "stays.example.org", "1.example",
            "xn--bcher-kva.example", "unix:/run/stays.sock", "unix:/a b",
            "unix:/" + String(repeating: "x", count: 106),
        ]
    )
    func hosts(_ text: String) throws {
        #expect(try settings(["HOST": text]).server.host == text)
    }

    @Test(
        "a setting that is set, but says nothing, is a fault and never its default",
        arguments: declarations.map(\.key)
    )
    func blank(key: String) {
        for text in [" ", "\t", "  \r\n", "\u{A0}", "\u{3000}", ",", " , ", ",,", "\t,\u{20},"] {
            #expect(faults([key: text]).map(\.key) == [key], "\(key)=\(text.debugDescription)")
        }
    }

    @Test("a list passes over empty elements, as long as there is one that is not: keys are rotated that way")
    func emptyElements() throws {
        let (old, new) = (try entry("0123456789abcdef"), try entry("fedcba9876543210"))
        for text in ["\(old),", ",\(old)", ",,\(old), ,"] {
            let keys = try settings(["API_KEYS": text]).server.apiKeys.entries
            #expect(keys.map(\.entry) == [old], "\(text)")
        }
        #expect(try settings(["API_KEYS": "\(old), \(new)"]).server.apiKeys.entries.count == 2)
        #expect(try settings(["TRUSTED_PROXIES": ",10.0.0.0/8,"]).server.trustedProxies.count == 1)
    }

    /// The entry of a key.
    private func entry(_ key: String, name: String = "tester") throws -> String {
        try #require(APIKey(key, name: name, scopes: [.read, .write])).entry
    }

    @Test("the overview says whose keys are in force, and that without any the API is open")
    func keysInForce() throws {
        func shown(_ environment: [String: String]) throws -> String? {
            try settings(environment).found.first { $0.key == "API_KEYS" }?.text
        }
        #expect(try shown([:]) == "none, the API is open")
        #expect(try shown(["API_KEYS": "open"]) == "open: nobody is asked for a key")
        let two = [
            try entry("0123456789abcdef", name: "ada") + ":expires:2030-01-31",
            try entry("fedcba9876543210", name: "bob"),
        ]
        #expect(
            try shown(["API_KEYS": two.joined(separator: ",")]) == "ada=read+write until 2030-01-31, bob=read+write"
        )
    }

    /// What a type of setting may be given at its ends and beyond them, and what looks like a number but is none.
    private static let extremes: [String] = {
        let bounds = [
            "\(Int.max)", "\(Int.min)", "\(UInt64.max)", "\(Int32.max)", "\(UInt32.max)", "65535", "65536", "200",
            "201",
            "1000000000000", "1000000000001", "604800", "604801", "100", "99", "1", "0", "-0", "-1", "+1", "00",
            String(repeating: "9", count: 400), String(repeating: "0", count: 400) + "1",
            "340282366920938463463374607431768211456",
        ]
        let units = ["", "ms", "s", "m", "h", "B", "KB", "GB", "GiB", "MIB"]
        let numbers = bounds.flatMap { bound in units.map { bound + $0 } }
        let fractions = [
            "0.1", ".5", "5.", ".", "1.5ms", "100.0001ms", "0.0000000000000000001s", "1e400", "1e-400", "0x10", "1_000",
        ]
        let words = [
            "trace", "critical", "nan", "inf", "-inf", "infinity", "NaNs", "infms", "true", "null", "auto", "unix", "*",
            "on", "off", "open", "forwarded", "100/s", "1000000/1h", "1000001/s",
        ]
        let foreign = ["١٢", "５", "Ⅷ", "1\u{301}", "½", "8\u{200B}", "\u{FEFF}8", "8\u{0}", "😀", "é"]
        let ranges = ["1-200", "200-200", "1-201", "0-0", "2-1", "1-", "-", "\(Int.max)-\(Int.max)", "-1--1"]
        let hosts = [
            "::/0", "0.0.0.0/0", "::/128", "10.0.0.0/8", "255.255.255.255", "ffff::ffff", "unix:", "unix:/", "unix:/a",
        ]
        let lists = [
            "::/0,0.0.0.0/0", "::ffff:0.0.0.0/96", "unix", "unix/0", ",",
            Array(repeating: "::1", count: 2000).joined(separator: ","),
        ]
        let long = ["x", "/", ".", " ", "1,"].map { String(repeating: $0, count: 100_000) }
        let keys = [16, 256, 257].map { String(repeating: "k", count: $0) }
        let urls = [
            "http://a", "a=b", "sqlite:", "sqlite:/", "sqlite: ", "sqlite:a",
            "sqlite:/" + String(repeating: "a", count: 5000),
        ]
        return numbers + fractions + words + foreign + ranges + hosts + lists + long + keys + urls
    }()

    @Test(
        "each setting refuses an extreme of its type, or what is made of it holds",
        arguments: declarations.map(\.key)
    )
    func extremes(key: String) throws {
        // A limit of callers needs some.
        let others = key == "RATE_LIMIT" ? ["API_KEYS": try entry("0123456789abcdef")] : [:]
        var accepted = 0
        for text in Self.extremes {
            let settings: Settings
            do throws(InvalidSettings) {
                settings = try self.settings([key: text].merging(others) { $1 })
            } catch {
                #expect(error.faults.map(\.key) == [key], "\(key)=\(text.prefix(100))")
                continue
            }
            accepted += 1
            let server = ServerConfiguration(settings.server, threads: settings.server.threads.count)
            let budget = try ConnectionBudget(
                limit: nil,
                workers: settings.server.workers,
                usableWorkers: 2,
                threads: settings.server.threads
            )
            let supervisor = SupervisorConfiguration(
                settings.server,
                workers: settings.server.workers,
                budget,
                lanes: server.threadCount,
                title: "test"
            )
            if let limit = server.maxRequests {
                #expect((settings.server.maxRequests...settings.server.maxRequests * 11 / 10).contains(limit))
            }
            #expect((0...1 << 30).contains(server.maxBodySize))
            let durations = [
                server.keepAliveTimeout, server.requestTimeout, server.drainTimeout, supervisor.bootTimeout,
                supervisor.shutdownTimeout,
            ]
            #expect(durations.allSatisfy { (.milliseconds(100)...(.seconds(604_800))).contains($0) }, "\(key)=\(text)")
            #expect((.zero...(.seconds(604_800))).contains(supervisor.drainDelay))
            #expect((1...WorkerCount.limit).contains(supervisor.workers.lowerBound))
            #expect((1...WorkerCount.limit).contains(supervisor.workers.upperBound))
            #expect((1...ThreadCount.limit).contains(server.maxThreads))
            #expect(supervisor.lanes == server.threadCount)
            #expect(((.milliseconds(1))...(.seconds(604_800))).contains(server.queueTimeout))
            #expect(settings.server.maxWorkerMemory >= 0)
            #expect(!ConfigText.table(settings.found).isEmpty)
            // The text that is shown is what was given, or says more: it is never cut or replaced by a default.
            let found = try #require(settings.found.first { $0.key == key })
            #expect(found.source == .environment)
            _ = settings.server.listenAddress
        }
        #expect(accepted > 0, "an extreme that is fine, too")
    }

    @Test("durations and sizes are read as people write them")
    func units() throws {
        let settings = try settings([
            "REQUEST_TIMEOUT": "250ms", "BOOT_TIMEOUT": "1.5", "SHUTDOWN_TIMEOUT": "2m", "MAX_BODY_SIZE": "64KiB",
            "MAX_WORKER_MEMORY": "512MB", "WEB_CONCURRENCY": "2-8", "TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        ])
        #expect(settings.server.requestTimeout == .milliseconds(250))
        #expect(settings.server.bootTimeout == .milliseconds(1500))
        #expect(settings.server.shutdownTimeout == .seconds(120))
        #expect(settings.server.maxBodySize == 65536)
        #expect(settings.server.maxWorkerMemory == 512_000_000)
        #expect(settings.server.workers == .range(2...8))
        #expect(settings.server.trustedProxies.map { "\($0)" } == ["10.0.0.0/8", "::1"])
    }

    @Test("no secret is ever shown: not in the overview, not in a fault, not by printing the value")
    func secrets() throws {
        let key = "correct-horse-battery"
        let good = try settings(["API_KEYS": entry(key)])
        #expect(!ConfigText.table(good.found).contains(key))
        #expect(!"\(good)".contains(key))
        var dumped = ""
        dump(good, to: &dumped)
        #expect(!dumped.contains(key))
        #expect(!faults(["API_KEYS": key]).map(\.description).joined().contains(key))
        #expect(!faults(["DATABASE_URL": "postgres://ada:\(key)@db/x"]).map(\.description).joined().contains(key))
    }
}
