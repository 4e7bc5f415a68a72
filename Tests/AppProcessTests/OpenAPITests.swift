import Glibc
import HTTPServer
import Testing

@testable import ProcessHarness

extension ProcessTests {
    /// What the hotel says of itself, held against what it does, by tools that know nothing of it.
    @Suite("The API's description")
    struct OpenAPITests {
        private static let key = "test-key-0123456789"
        private static let otherKey = "other-key-0123456789"

        private func check(
            _ script: [String],
            environment: [String: String] = [:],
            within seconds: Double = 240
        ) throws {
            let keys = [apiKeyEntry(Self.key), apiKeyEntry(Self.otherKey, name: "auditor", scopes: ["audit"])]
            let service = try Service(
                .app,
                workers: 2,
                environment: ["API_KEYS": keys.joined(separator: ",")].merging(environment) { $1 }
            )
            let tools = Binary.package + "/.build/tools/bin"
            let command =
                ["\(tools)/python3", "-B", Binary.package + "/Tests/OpenAPI/" + script[0]] + script.dropFirst()
                + ["--port", "\(service.port)", "--key", Self.key]
            let environment = ["PATH": Binary.searchPath, "HOME": service.directory.path]
            let finished = try Finished.running(command, environment: environment, by: .after(seconds))
            #expect(finished.exit == .code(0), "\(finished.output)\(finished.errors)")
            service.stop()
        }

        @Test("is right, and real answers of every operation are as it says", .needs(.openAPI))
        func answers() throws {
            // More than the script asks before it wants to be refused: by its key first, then by its address.
            let limits = ["RATE_LIMIT": "300/h", "RATE_LIMIT_ADDRESS": "800/h"]
            try check(["answers.py", "--other-key", Self.otherKey], environment: limits)
        }

        @Test("holds when it is tried with many requests, right ones and wrong ones", .needs(.openAPI))
        func fuzzing() throws {
            // Thousands with `bin/test --all`, which take minutes.
            try check(["fuzz.py", "--examples", getenv("PANAL_TEST_ALL") == nil ? "32" : "320"], within: 600)
        }

        @Test("makes a client that books a room, reads it back and cancels it", .needs(.openAPI))
        func client() throws { try check(["client.py"]) }

        @Test(
            "is a page on which every operation can be tried, by everybody, and which asks nobody else",
            .needs(.openAPI, .chromium, .chromedriver, .selenium, .axe)
        )
        func page() throws { try check(["page.py"]) }

        @Test("is written by `openapi` as it is served, and is the same each time")
        func command() throws {
            let service = try Service(.app, workers: 1)
            let first = try Finished.running(Binary.app.command("openapi"), environment: service.environment)
            let second = try Finished.running(Binary.app.command("openapi"), environment: service.environment)
            #expect(first.exit == .code(0))
            #expect(first.errors == "")
            #expect(first.output == second.output)
            let served = try service.answer(.get("/openapi.json"))
            #expect(served["Content-Type"] == "application/json")
            #expect(try served.json == JSON(first.output.utf8))
            service.stop()
        }

        @Test("of a service with an undeclared route names it, and fails")
        func undeclared() throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, [:])
            let written = try Finished.running(Binary.fixture.command("openapi"), environment: environment)
            #expect(written.exit == .code(1))
            #expect(written.errors.contains("GET /sleep/{milliseconds} has no operation: declare one"))
            #expect(!written.errors.contains("/livez"))
            #expect(written.output.contains(#""/sleep/{milliseconds}""#))
        }

        @Test("is not there when DOCS says so")
        func off() throws {
            let service = try Service(.app, workers: 1, environment: ["DOCS": "off"])
            #expect(try service.answer(.get("/docs")).status == 404)
            #expect(try service.answer(.get("/openapi.json")).status == 404)
            #expect(try !service.answer(.get("/")).text.contains("/docs"))
            service.stop()
        }

        @Test("is a page that lets nothing in, and is small")
        func policy() throws {
            let service = try Service(.app, workers: 1)
            let page = try service.answer(.get("/docs"))
            #expect(page.status == 200 && page.body.count < 40_000)
            let policy = try #require(page["Content-Security-Policy"])
            for part in ["default-src 'none'", "script-src 'sha256-", "style-src 'sha256-", "frame-ancestors 'none'"] {
                #expect(policy.contains(part))
            }
            #expect(!policy.contains("unsafe"))
            #expect(!page.text.contains("https://") && !page.text.contains("src="))
            service.stop()
        }
    }
}
