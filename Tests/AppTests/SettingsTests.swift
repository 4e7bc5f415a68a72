import Configuration
import Foundation
import Testing

@testable import App

@Suite("Settings")
struct SettingsTests {
    private func settings(_ environment: [String: String]) throws(InvalidSettings) -> Settings {
        let provider = EnvironmentVariablesProvider(environmentVariables: environment)
        return try Settings(environment: ConfigReader(provider: provider))
    }

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
        #expect(settings.port == 8080)
        #expect(settings.host == "::")
        #expect(settings.workers == .auto)
        #expect(settings.shutdownTimeout == .seconds(20))
        #expect(settings.keepAliveTimeout == .seconds(95))
        #expect(settings.maxBodySize == 1_000_000)
        #expect(settings.found.map(\.key) == Settings.all.map(\.key))
        #expect(settings.found.allSatisfy { $0.source == .default })
    }

    @Test("an empty variable counts as unset")
    func empty() throws {
        #expect(try settings(["PORT": "", "WEB_CONCURRENCY": ""]).port == 8080)
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
            ("PORT", "65536"), ("PORT", "-1"), ("PORT", " 80"), ("PORT", "8080 "), ("PORT", "0x50"),
            ("HOST", "a b"), ("HOST", "unix:relative"), ("HOST", "[::]"),
            ("WEB_CONCURRENCY", "0"), ("WEB_CONCURRENCY", "201"), ("WEB_CONCURRENCY", "2-"),
            ("WEB_CONCURRENCY", "1-2-3"),
            ("DATABASE_URL", "postgres://host/db"), ("DATABASE_URL", "sqlite::memory:"), ("DATABASE_URL", "sqlite:"),
            ("DATABASE_URL", "data.sqlite"), ("LOG_LEVEL", "INFO"), ("REQUEST_TIMEOUT", "0"),
            ("REQUEST_TIMEOUT", "-1s"),
            ("REQUEST_TIMEOUT", "5 s"), ("REQUEST_TIMEOUT", "1e3"), ("REQUEST_TIMEOUT", "8000h"),
            ("MAX_BODY_SIZE", "1.5MB"), ("MAX_BODY_SIZE", "9999999999GB"), ("MAX_REQUESTS", "-1"),
            ("TRUSTED_PROXIES", "10.0.0.0/33"), ("TRUSTED_PROXIES", "10.0.0.1/8"), ("TRUSTED_PROXIES", "proxy"),
            ("API_KEYS", "short"), ("API_KEYS", "0123456789abcdef,"), ("API_KEYS", "0123456789 abcdef"),
        ] as [(String, String)]
    )
    func refused(key: String, value: String) {
        // A trailing comma is the one leniency: it separates nothing.
        if key == "API_KEYS", value.hasSuffix(",") {
            #expect(faults([key: value]).isEmpty)
        } else {
            #expect(faults([key: value]).map(\.key) == [key])
        }
    }

    @Test("durations and sizes are read as people write them")
    func units() throws {
        let settings = try settings([
            "REQUEST_TIMEOUT": "250ms", "BOOT_TIMEOUT": "1.5", "SHUTDOWN_TIMEOUT": "2m", "MAX_BODY_SIZE": "64KiB",
            "MAX_WORKER_MEMORY": "512MB", "WEB_CONCURRENCY": "2-8", "TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        ])
        #expect(settings.requestTimeout == .milliseconds(250))
        #expect(settings.bootTimeout == .milliseconds(1500))
        #expect(settings.shutdownTimeout == .seconds(120))
        #expect(settings.maxBodySize == 65536)
        #expect(settings.maxWorkerMemory == 512_000_000)
        #expect(settings.workers == .range(2...8))
        #expect(settings.trustedProxies.map { "\($0)" } == ["10.0.0.0/8", "::1"])
    }

    @Test("no secret is ever shown: not in the overview, not in a fault, not by printing the value")
    func secrets() throws {
        let key = "correct-horse-battery"
        let good = try settings(["API_KEYS": key])
        #expect(!Config.table(good.found).contains(key))
        #expect(!"\(good)".contains(key))
        var dumped = ""
        dump(good, to: &dumped)
        #expect(!dumped.contains(key))
        #expect(!faults(["API_KEYS": "\(key) \(key)"]).map(\.description).joined().contains(key))
        #expect(!faults(["DATABASE_URL": "postgres://ada:\(key)@db/x"]).map(\.description).joined().contains(key))
    }

    @Test("every default is as expected by its own declaration")
    func defaultsAreAccepted() {
        for setting in Settings.all {
            #expect(setting.accepts(setting.defaultText), "\(setting.key)")
        }
    }

    @Test(".env.example is what the declarations say")
    func dotEnv() throws {
        #expect(try Repository.text(of: ".env.example") == Config.dotEnv)
    }

    @Test("the README's table is what the declarations say")
    func readme() throws {
        #expect(try Repository.text(of: "README.md").contains(Config.markdown))
    }

    @Test("the configuration is read in one place only; beside it there is what a starting process is handed")
    func onePlace() throws {
        let readers = try Repository.swiftFiles(in: "Sources").filter { file in
            let text = try String(contentsOf: file, encoding: .utf8)
            let ways = ["EnvironmentVariablesProvider(", "ProcessInfo.processInfo", "getenv("]
            return ways.contains { text.contains($0) }
        }
        let names = Set(readers.map(\.lastPathComponent))
        #expect(names.subtracting(["SocketActivation.swift"]) == ["Settings.swift"])
    }
}
