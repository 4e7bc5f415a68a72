import ArgumentParser
import Jobs
import SQL
import Values

/// `jobs`: what there is to do, what failed, and orders about it.
struct JobsCommand<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "jobs",
            abstract: "Show the jobs that are kept, and have them tried again or dropped.",
            subcommands: [ListJobs<S>.self, RetryJobs<S>.self, DropJob<S>.self],
            defaultSubcommand: ListJobs<S>.self
        )
    }
}

extension Service {
    fileprivate static func withJobs(_ body: (JobRegister) throws -> Void) throws {
        let dependencies = dependenciesOrExit()
        do {
            try body(JobRegister(dependencies.database, hostTime: dependencies.now))
        } catch let error as DatabaseError {
            StandardError.write("\(error)\n")
            throw ExitCode.failure
        }
    }
}

private struct ListJobs<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "list",
            abstract: "Count jobs by kind and state, and show those that are dead with their errors.",
            discussion: "What there is to do is not shown: it may hold what a terminal is no place for."
        )
    }

    @Flag(help: "Only those that are dead.")
    var dead = false

    @Option(help: "Only those of this kind; each is shown.")
    var kind: String?

    @Option(help: "Show so many at most.")
    var limit = 100

    func validate() throws {
        guard limit < 1 else { return }
        throw ValidationError("--limit must be 1 at least.")
    }

    func run() throws {
        try S.withJobs { register in
            if !dead { showCounts(try register.counts()) }
            let shown = try register.entries(kind: kind, dead: dead || kind == nil, count: limit)
            guard !shown.isEmpty else { return }
            if !dead { print() }
            show(shown)
            if shown.count == limit { print("There may be more; --limit shows them.") }
        }
    }

    private func showCounts(_ counts: [JobRegister.Count]) {
        let counts = counts.filter { kind == nil || $0.kind == kind }
        guard !counts.isEmpty else { return print("There are no jobs.") }
        var table = TextTable("kind", "state", "jobs", "earliest")
        for count in counts { table.add(count.kind, count.state.rawValue, "\(count.count)", "\(count.earliest)") }
        print(table.text)
    }

    private func show(_ entries: [JobRegister.Entry]) {
        for entry in entries {
            print(
                "\(entry.id)  \(entry.kind)  \(entry.state.rawValue), attempts: \(entry.attempts), added \(entry.createdAt), "
                    + "\(Self.words(entry.state)) \(entry.moment)"
            )
            if let error = entry.error { print("    " + Self.oneLine(error)) }
        }
    }

    private static func words(_ state: JobRegister.State) -> String {
        switch state {
        case .waiting, .retrying: "due"
        case .running: "leased until"
        case .dead: "died"
        }
    }

    /// An error's text comes from anywhere; none of it may steer a terminal.
    private static func oneLine(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
    }
}

private struct RetryJobs<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "retry",
            abstract:
                "Have a job tried again at once: a dead one with all its attempts, or one that waits for its next."
        )
    }

    @Argument(help: "The job's number.")
    var id: Int64?

    @Flag(help: "All that are dead.")
    var allDead = false

    func validate() throws {
        guard (id == nil) != allDead else { return }
        throw ValidationError("Name a job's number, or --all-dead.")
    }

    func run() throws {
        try S.withJobs { register in
            guard let id else {
                print("retried: \(try register.retryAllDead())")
                return
            }
            try report(register.retry(id), of: id, "retried")
        }
    }
}

private struct DropJob<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "drop", abstract: "Take a job away undone, unless a worker has it.")
    }

    @Argument(help: "The job's number.")
    var id: Int64

    func run() throws {
        try S.withJobs { register in try report(register.drop(id), of: id, "dropped") }
    }
}

/// Says what became of an order; one that was not followed ends the command with exit code 1.
private func report(_ outcome: JobRegister.Outcome, of id: Int64, _ verb: String) throws {
    let refusal: String
    switch outcome {
    case .done(id): return print("\(verb) job \(id)")
    case .done(let next): return print("\(verb) job \(id), which is job \(next) now: it comes behind others of its key")
    case .unknown: refusal = "There is no job \(id); `jobs list` shows those there are."
    case .alive: refusal = "Job \(id) is not dead: it runs when it is due."
    case .running: refusal = "A worker has job \(id) now. Try again when it is done."
    case .replaced: refusal = "Another job with the unique key of job \(id) is there by now, and does the same."
    }
    StandardError.write(refusal + "\n")
    throw ExitCode.failure
}
