import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The scorecard of factors")
    struct FactorsTests {
        /// The service behind a script, which does with it what it should not.
        private struct Wrapped {
            let directory: TemporaryDirectory
            let path: String

            init(_ script: String) throws {
                directory = try TemporaryDirectory()
                path = directory.path + "/service"
                let text = "#!/bin/sh\nservice=\(Binary.app.path)\nplace=\(directory.path)\n\(script)\n"
                let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o755)
                defer { close(file) }
                guard write(file, text, text.utf8.count) == text.utf8.count else {
                    throw Spawned.Failure(description: "cannot write \(path)")
                }
            }

            func prove(_ factors: String) throws -> Finished {
                try Finished.running(
                    ["python3", "-B", Binary.package + "/Tests/Factors", "--binary", path, "--only", factors],
                    by: .after(180)
                )
            }
        }

        @Test("shows what was run, and that the service has them", .needs(.python3, .setpriv))
        func held() throws {
            let done = try Wrapped(#"exec "$service" "$@""#).prove("III,VII,VIII,IX,XI,XII,XIV,XV")
            #expect(done.exit == .code(0), "\(done.output)\(done.errors)")
            #expect(done.output.contains("8 hold;"))
            #expect(done.output.contains("exit code 0"))
        }

        @Test(
            "finds a service that is broken, says how, and what to do",
            .needs(.python3, .setpriv),
            arguments: [
                ("III", #"unset DEBUG_HEADERS; exec "$service" "$@""#, "a setting changes nothing"),
                ("IV", #"export DATABASE_URL="sqlite:$place/one.sqlite"; exec "$service" "$@""#, "one database"),
                ("VI", #"[ "$1" = serve ] && rm -f data.sqlite*; exec "$service" "$@""#, "were acknowledged"),
                ("VII", #"export PORT=0; exec "$service" "$@""#, "told to listen on"),
                ("VIII", #"export WEB_CONCURRENCY=1; exec "$service" "$@""#, "workers were asked for"),
                ("IX", #"[ "$1" = serve ] || exec "$service" "$@"; "$service" "$@" & wait"#, "did not stop gracefully"),
                ("XI", #"echo "$@" >>notes.txt; exec "$service" "$@""#, "notes.txt"),
                ("XI", #"[ "$1" = serve ] && echo starting; exec "$service" "$@""#, "no JSON object"),
                ("XII", #"[ "$1" = backup ] && exit 3; exec "$service" "$@""#, "ended with 3"),
                ("XIV", #"unset OPS_PORT; exec "$service" "$@""#, "no port of operations"),
                ("XV", #"unset API_KEYS; exec "$service" "$@""#, "without a good key is answered 201"),
            ]
        )
        func broken(_ factor: String, _ script: String, _ reason: String) throws {
            let done = try Wrapped(script).prove(factor)
            #expect(done.exit == .code(1), "\(done.output)\(done.errors)")
            #expect(done.output.contains("fails"))
            #expect(done.output.contains(reason), "\(done.output)")
            #expect(done.output.contains("\n       > "))
        }
    }
}
