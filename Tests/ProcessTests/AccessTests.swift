import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Who may ask a running service")
    struct AccessTests {
        /// The entries of two keys, by `printf %s KEY | sha256sum`.
        static let entries = [
            "reader=read:sha256:a59435e96e27bd9a336501c502375489a733ab1dbbf3178df320717e29b348c5",
            "writer=write:sha256:6ff86e74885f1f282beeb991bcff0eed7b657854df716be16a7287a2e77a7e68",
        ].joined(separator: ",")

        static func key(_ name: String) -> (String, String) { ("Authorization", "Bearer \(name)-key-0123456789") }

        @Test("the log names the caller of each request, also of one that may not do it, and never a key")
        func log() throws {
            let service = try Service(environment: ["API_KEYS": Self.entries])
            #expect(try service.answer(.get("/notes", [Self.key("reader")])).status == 200)
            #expect(try service.answer(.post("/notes", json: #"{"name":"a"}"#, [Self.key("writer")])).status == 201)
            let refused = try service.answer(.post("/notes", json: "{}", [Self.key("reader")]))
            #expect(refused.status == 403)
            #expect(refused.json?["type"]?.string == "/problems/insufficient-scope")
            #expect(refused.json?["detail"]?.string?.contains("write") == true)
            #expect(try service.answer(.get("/notes", [Self.key("stranger")])).status == 401)
            service.stop()
            let lines = service.log.requests.map { ($0["status"]?.int ?? 0, $0["caller"]?.string) }
            #expect(lines.contains { $0 == (200, "reader") } && lines.contains { $0 == (201, "writer") })
            #expect(lines.contains { $0 == (403, "reader") } && lines.contains { $0 == (401, nil) })
            #expect(!service.log.requests.contains { $0.line.contains("key-0123456789") })
        }

        @Test("a caller without the scope is refused before the body, and so is one beyond the limit")
        func beforeTheBody() throws {
            let service = try Service(environment: ["API_KEYS": Self.entries, "RATE_LIMIT": "1/h"])
            func post(as name: String) throws -> Answer? {
                let connection = try service.connect()
                let (field, value) = Self.key(name)
                connection.send(
                    "POST /notes HTTP/1.1\r\nHost: localhost\r\n\(field): \(value)\r\nContent-Length: 60000\r\n\r\n"
                )
                return connection.receive().answer
            }
            #expect(try post(as: "reader")?.status == 403)
            #expect(try service.answer(.post("/notes", json: #"{"name":"a"}"#, [Self.key("writer")])).status == 201)
            let refused = try #require(try post(as: "writer"))
            #expect(refused.status == 429 && refused.closesConnection)
            #expect(refused.json?["type"]?.string == "/problems/rate-limited")
            #expect(refused["RateLimit-Policy"] == #""key";q=1;w=3600"#)
            #expect(refused["Retry-After"] != nil)
            service.stop()
        }

        @Test("every answer has the security headers without being told to, one that the server itself gives too")
        func securityHeaders() throws {
            let service = try Service()
            let connection = try service.connect()
            connection.send("nonsense\r\n\r\n")
            let answers = try [
                service.answer(.get("/notes")), service.answer(.get("/livez")), service.answer(.get("/nowhere")),
                #require(connection.receive().answer), service.answer(.post("/notes", json: "{}")),
                service.answer(.get("/sleep/0")),
            ]
            #expect(answers.map(\.status) == [200, 200, 404, 400, 422, 204])
            for answer in answers {
                #expect(answer["X-Content-Type-Options"] == "nosniff")
                #expect(answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'")
                #expect(answer["Referrer-Policy"] == "no-referrer")
                #expect(answer["X-Frame-Options"] == "DENY")
            }
            service.stop()
        }

        @Test("an open API that others can reach is warned of, unless that was said to be meant")
        func warning() throws {
            for (environment, isWarned) in [
                (["HOST": "0.0.0.0"], true), (["HOST": "0.0.0.0", "API_KEYS": "open"], false),
                (["HOST": "0.0.0.0", "API_KEYS": Self.entries], false), ([:], false),
                (["TRUSTED_PROXIES": "127.0.0.1"], true),
            ] as [([String: String], Bool)] {
                let service = try Service(environment: environment)
                #expect(service.log.events.contains { $0.message.contains("API_KEYS") } == isWarned, "\(environment)")
                service.stop()
            }
        }

        @Test(
            "keys new makes a key that opens the service, keys check says whose it is, and keys hash makes the same entry of it"
        )
        func commands() throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, [:])
            func run(_ arguments: [String], input: String = "", with more: [String: String] = [:]) throws -> Finished {
                let command = Binary.fixture.command("keys") + arguments
                let shell = ["sh", "-c", "printf %s \"$0\" | \"$@\"", input] + command
                return try Finished.running(shell, environment: environment.merging(more) { $1 })
            }
            let made = try run(["new", "front-desk", "--scopes", "read,write", "--expires", "2199-01-31"])
            #expect(made.exit == .code(0), "\(made.errors)")
            let words = made.output.split(whereSeparator: \.isWhitespace).map(String.init)
            try #require(words.count == 4 && words[0] == "key" && words[2] == "entry")
            let (key, entry) = (words[1], words[3])
            #expect(key.hasPrefix("panal_") && entry.hasPrefix("front-desk=read+write:sha256:"))
            #expect(entry.hasSuffix(":expires:2199-01-31") && !entry.contains(key))
            let hashed = try run(
                ["hash", "front-desk", "--scopes", "write,read", "--expires", "2199-01-31"],
                input: key
            )
            #expect(hashed.output == entry + "\n")

            let checked = try run(["check"], input: key, with: ["API_KEYS": entry])
            #expect(checked.exit == .code(0))
            #expect(checked.output == "front-desk: read, write; expires 2199-01-31\n")
            let expired = try run(["check"], input: key, with: ["API_KEYS": entry.replacing("2199", with: "2001")])
            #expect(expired.exit == .code(1) && expired.errors.contains("expired"))
            #expect(try run(["check"], input: key + "x", with: ["API_KEYS": entry]).exit == .code(1))
            #expect(try run(["check"], input: key).errors.contains("set API_KEYS or API_KEYS_FILE here"))
            for arguments in [
                ["new", "a b"], ["new", "a", "--scopes", "read,,write"], ["new", "a", "--scopes", "read,read"],
                ["new", "a", "--expires", "soon"], ["hash", "a"], ["new"],
            ] {
                let refused = try run(arguments, input: arguments[0] == "hash" ? "short" : "")
                #expect(refused.exit == .code(64) && refused.output.isEmpty, "\(arguments): \(refused.output)")
            }

            let service = try Service(environment: ["API_KEYS": Self.entries + "," + entry])
            #expect(try service.answer(.get("/notes", [("Authorization", "Bearer \(key)")])).status == 200)
            service.stop()
            let shown = try Finished.running(
                Binary.fixture.command("config"),
                environment: environment.merging(["API_KEYS": entry]) { $1 }
            )
            #expect(shown.output.contains("front-desk=read+write until 2199-01-31"))
            #expect(!shown.output.contains("sha256"))
        }

        @Test(
            "a key is rotated in its file, by an upgrade in place: the new one opens at once, and then the old one opens nothing"
        )
        func rotation() throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/keys"
            let (old, new) = (Self.key("reader"), Self.key("writer"))
            let entries = Self.entries.replacing("writer=write", with: "reader=read").split(separator: ",")
            func write(_ lines: [Substring]) {
                let text = Array("# the keys\n\(lines.joined(separator: "\n"))\n".utf8)
                let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
                #expect(Glibc.write(file, text, text.count) == text.count)
                close(file)
            }
            write([entries[0]])
            let service = try Service(environment: ["API_KEYS_FILE": path], in: directory)
            func statuses() throws -> [Int] { try [old, new].map { try service.answer(.get("/notes", [$0])).status } }
            #expect(try statuses() == [200, 401])
            for (lines, expected) in [(entries[...], [200, 200]), (entries[1...], [401, 200])] {
                write(Array(lines))
                let mark = service.log.mark
                service.signal(SIGUSR2)
                try service.log.wait(for: "upgrade taken over", after: mark)
                try service.log.wait(for: "roll finished", after: mark)
                #expect(try statuses() == expected)
            }
            service.stop()
        }

        @Test("a plain key, as API_KEYS had them once, is a fault that names the remedy and not the key")
        func plainKey() throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, ["API_KEYS": "a-plain-key-0123456789"])
            let refused = try Finished.running(Binary.fixture.command("serve"), environment: environment)
            #expect(refused.exit == .code(78))
            #expect(refused.output.contains("keys hash NAME") && !refused.output.contains("a-plain-key"))
        }
    }
}
