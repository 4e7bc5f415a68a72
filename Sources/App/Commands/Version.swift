import ArgumentParser

/// `App version`: which release this is.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the git revision and its date, the same for every build of it."
    )

    @Flag(help: "As a JSON object.")
    var json = false

    func run() throws {
        if json {
            print("{\"revision\":\"\(BuildInfo.revision)\",\"date\":\"\(BuildInfo.date)\"}")
        } else {
            print("\(BuildInfo.revision) \(BuildInfo.date)")
        }
    }
}
