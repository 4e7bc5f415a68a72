import ArgumentParser

/// `version`: which release this is.
struct Version<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "version",
            abstract: "Show the git revision and its date, the same for every build of it."
        )
    }

    @Flag(help: "As a JSON object.")
    var json = false

    func run() throws {
        if json {
            print("{\"revision\":\"\(S.info.revision)\",\"date\":\"\(S.info.date)\"}")
        } else {
            print("\(S.info.revision) \(S.info.date)")
        }
    }
}
