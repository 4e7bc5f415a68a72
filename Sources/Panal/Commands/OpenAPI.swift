import ArgumentParser

/// `openapi`: what the service takes and answers, for programs.
struct OpenAPI<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "openapi",
            abstract: "Write what the service takes and answers as OpenAPI 3.1 (JSON).",
            discussion: """
                The same routes give the same text. A route of which nothing was declared is in it by its method and its path \
                alone; it is named on stderr, and the exit code is 1.
                """
        )
    }

    func run() throws {
        let document = S.openAPI(S.dependenciesOrExit())
        print(document.json.indented())
        let undeclared = document.undeclared
        for route in undeclared {
            StandardError.write(
                "\(route) has no operation: declare one beside its handler, as Panal's docs/api.md shows\n"
            )
        }
        guard undeclared.isEmpty else { throw ExitCode.failure }
    }
}
