import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The status page")
    struct StatusPageTests {
        /// With UPDATE_SCREENSHOT=1 the README's picture is made anew.
        private static let updatesScreenshot = getenv("UPDATE_SCREENSHOT") != nil

        @Test(
            "shows in a browser what a load of known shape makes true, to everybody, and asks nobody else",
            .needs(.chromium, .chromedriver, .selenium, .axe)
        )
        func browser() throws {
            let ops = try OpsService(workers: 4, ["WEB_THREADS": "1"])
            var command = [
                Binary.package + "/.build/tools/bin/python3", Binary.package + "/Tests/StatusPage/check.py", "--ops",
                "\(ops.port)", "--service", "\(ops.service.port)",
            ]
            if Self.updatesScreenshot { command += ["--screenshot", Binary.package + "/docs/status.png"] }
            let environment = ["PATH": Binary.searchPath, "HOME": ops.service.directory.path]
            let finished = try Finished.running(command, environment: environment, by: .after(240))
            #expect(finished.exit == .code(0), "\(finished.output)\(finished.errors)")
        }

        @Test("is one file that lets nothing in, and is small")
        func policy() throws {
            let ops = try OpsService(workers: 1)
            let page = try ops.answer(.get("/status"))
            #expect(page.status == 200 && page.body.count < 40_000)
            let policy = try #require(page["Content-Security-Policy"])
            for part in ["default-src 'none'", "script-src 'sha256-", "style-src 'sha256-", "frame-ancestors 'none'"] {
                #expect(policy.contains(part))
            }
            #expect(!policy.contains("unsafe"))
            #expect(!page.text.contains("https://") && !page.text.contains("src="))
            ops.service.stop()
        }

        @Test("is for pages of its own port alone: others are told no, with a token and without")
        func access() throws {
            func status(_ ops: OpsService, _ method: String, _ fields: [(String, String)]) throws -> Int {
                try ops.answer(
                    Request(
                        method: method,
                        target: method == "GET" ? "/status" : "/roll",
                        fields: fields,
                        body: method == "GET" ? nil : []
                    )
                )
                .status
            }
            let open = try OpsService(workers: 1)
            let host = [("Host", "localhost:\(open.port)")]
            let own = host + [("Origin", "http://localhost:\(open.port)"), ("Sec-Fetch-Site", "same-origin")]
            #expect(try status(open, "GET", host) == 200)
            #expect(try status(open, "POST", own) == 202)
            #expect(try status(open, "POST", host + [("Origin", "http://localhost:1")]) == 403)
            #expect(try status(open, "POST", host + [("Origin", "null")]) == 403)
            #expect(try status(open, "POST", host + [("Sec-Fetch-Site", "cross-site")]) == 403)
            #expect(
                try status(open, "GET", host + [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")]) == 403
            )
            #expect(
                try status(open, "GET", host + [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")])
                    == 200
            )
            // A name that was pointed here: the page's own origin is no help.
            let rebound = [("Host", "rebound.example.org"), ("Origin", "http://rebound.example.org")]
            #expect(try status(open, "POST", rebound) == 403)
            open.service.stop()

            let secret = try OpsService(workers: 1, ["OPS_TOKEN": "0123456789abcdef"])
            // ops:0123456789abcdef, and :0123456789abcdee
            let basic = [("Authorization", "Basic b3BzOjAxMjM0NTY3ODlhYmNkZWY=")]
            #expect(try status(secret, "GET", basic) == 200)
            #expect(try status(secret, "GET", [("Authorization", "Basic OjAxMjM0NTY3ODlhYmNkZWU=")]) == 401)
            #expect(try status(secret, "GET", [("Authorization", "Basic %%%")]) == 401)
            #expect(try status(secret, "GET", []) == 401)
            let challenge = try secret.answer(.get("/status")).fields.filter {
                $0.name.lowercased() == "www-authenticate"
            }
            #expect(challenge.map(\.value) == ["Bearer", "Basic realm=\"ops\", charset=\"UTF-8\""])
            // A browser sends the password along wherever it was made to ask from.
            #expect(try status(secret, "POST", basic + [("Origin", "https://example.org")]) == 403)
            #expect(
                try status(
                    secret,
                    "POST",
                    basic + [("Host", "ops.example.org"), ("Origin", "https://ops.example.org")]
                ) == 202
            )
            secret.service.stop()
        }
    }
}
