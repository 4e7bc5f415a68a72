import Testing

@testable import Panal

@Suite("A service's own settings")
struct DeclarationTests {
    private struct Own: SettingsGroup {
        enum Mode: String, CaseIterable, Sendable { case strict, lenient }

        @Setting(
            "PARTNER_TIMEOUT",
            default: "500ms",
            "How long a partner may take.",
            .duration(atLeast: .milliseconds(1))
        )
        var partnerTimeout: Duration

        @Setting("PARTNERS", default: "", "Who is asked.", .list("names separated by commas") { $0 })
        var partners: [String]

        @Setting("RETRIES", default: "2", "How often.", .wholeNumber(0...5))
        var retries: Int

        @Setting("MODE", default: "strict", "How.", .oneOf())
        var mode: Mode

        @Setting("GREETING", default: "hello", "What is said.", .text)
        var greeting: String

        @Setting("VERBOSE", default: "false", "Whether more is said.", .flag)
        var isVerbose: Bool

        @Setting("PARTNER_KEY", default: "", "What opens a partner.", .text, isSecret: true)
        var partnerKey: String
    }

    private func settings(
        _ variables: [String: String],
        defaults: [String: String] = [:]
    ) throws(InvalidSettings) -> ServiceSettings<Own> {
        try ServiceSettings(variables, defaults: defaults, hasDatabase: false)
    }

    @Test("are read where they are declared, after those that every service has")
    func read() throws {
        let settings = try settings([
            "PARTNER_TIMEOUT": "2s", "PARTNERS": "north, south", "RETRIES": "5", "MODE": "lenient", "VERBOSE": "true",
            "GREETING": "good day",
        ])
        #expect(settings.own.partnerTimeout == .seconds(2))
        #expect(settings.own.partners == ["north", "south"])
        #expect(settings.own.retries == 5)
        #expect(settings.own.mode == .lenient)
        #expect(settings.own.isVerbose)
        #expect(settings.own.greeting == "good day")
        let keys = settings.found.map(\.key)
        #expect(keys.first == "PORT")
        #expect(
            keys.suffix(7) == ["PARTNER_TIMEOUT", "PARTNERS", "RETRIES", "MODE", "GREETING", "VERBOSE", "PARTNER_KEY"]
        )
        #expect(!keys.contains("DATABASE_URL"), "a service without migrations has no database")
    }

    @Test("report their faults together with those of the common settings, each once")
    func faults() {
        let variables = ["PORT": "x", "RETRIES": "6", "MODE": "Strict", "VERBOSE": "yes", "GREETING": " "]
        let error = #expect(throws: InvalidSettings.self) { _ = try settings(variables) }
        #expect(error?.faults.map(\.key) == ["PORT", "RETRIES", "MODE", "GREETING", "VERBOSE"])
        #expect(error?.faults[1].description == "RETRIES=6: expected a whole number, 0 to 5")
        #expect(error?.faults[2].expected == "one of strict, lenient")
    }

    @Test("may have other defaults than most, also of the common ones, which the generated texts show")
    func defaults() throws {
        let settings = try settings([:], defaults: ["REQUEST_TIMEOUT": "60s", "RETRIES": "0"])
        #expect(settings.server.requestTimeout == .seconds(60))
        #expect(settings.own.retries == 0)
        #expect(ConfigText.dotEnv(settings.declarations).contains("#REQUEST_TIMEOUT=60s\n"))
        #expect(ConfigText.markdown(settings.declarations).contains("| `RETRIES` | `0` |"))
        #expect(try self.settings(["RETRIES": "1"], defaults: ["RETRIES": "0"]).own.retries == 1)
    }

    @Test("that are secrets are never shown")
    func secrets() throws {
        let settings = try settings(["PARTNER_KEY": "open sesame"])
        #expect(settings.own.partnerKey == "open sesame")
        #expect(!ConfigText.table(settings.found).contains("sesame"))
    }
}
