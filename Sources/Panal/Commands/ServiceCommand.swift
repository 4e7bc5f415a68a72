import ArgumentParser
import Glibc
import Linux
import Logging
import Prefork
import SQL

/// The one binary: the service and its admin tasks, all configured by the environment.
struct ServiceCommand<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: programName,
            abstract: S.info.summary,
            discussion: "All configuration comes from the environment; `\(programName) config` shows it.",
            subcommands: [Serve<S>.self, Work<S>.self]
                + (S.migrations == nil
                    ? [] : [JobsCommand<S>.self, Migrate<S>.self, Backup<S>.self, Restore<S>.self, Move<S>.self])
                + S.commands
                + [
                    Config<S>.self, Keys<S>.self, Doctor<S>.self, Routes<S>.self, OpenAPI<S>.self,
                    Healthcheck<S>.self, Status<S>.self, Version<S>.self,
                ]
        )
    }

    /// As it was started: `App`.
    private static var programName: String {
        ProcessStart.arguments.first?.split(separator: "/").last.map(String.init) ?? S.info.name
    }
}

extension Service {
    /// The program: runs the command that its arguments name.
    public static func main() {
        let arguments = ProcessStart.arguments.dropFirst()
        // Before anything else: an order that comes early must not end the service. Other commands end by it as usual.
        if [Serve<Self>.name, Work<Self>.name].contains(arguments.first) { ProcessStart.holdSignals() }
        ServiceCommand<Self>.main(Array(arguments))
    }

    /// What an admin task works with: the settings, and the database of the thread that asks. Ends the process with exit code
    /// 78 when the configuration is faulty, after each fault was reported on stderr.
    public static func dependenciesOrExit() -> Dependencies<Settings> {
        let settings = settingsOrExit()
        let logger = Logger.waiting(info, settings)
        return Dependencies<Settings>(
            settings: settings,
            databases: databases(settings, logger),
            logger: logger
        )
    }

    /// The settings, or the end of the process after every fault was reported.
    static func settingsOrExit(
        report: (SettingFault) -> Void = { StandardError.write("\($0)\n") }
    ) -> ServiceSettings<Settings> {
        do {
            return try settings(ProcessEnvironment.variables)
        } catch {
            error.faults.forEach(report)
            Glibc.exit(faultyConfiguration.rawValue)
        }
    }

    /// A connection for each thread; `nil` for a service without a database.
    /// - Parameter observer: Makes what sees the calling thread's.
    static func databases(
        _ settings: ServiceSettings<Settings>,
        _ logger: Logger,
        onBarredFromWriting: (@Sendable () -> Void)? = nil,
        observer: @escaping @Sendable () -> StoreObserver? = { nil }
    ) -> PerThread<Database>? {
        guard let database = settings.database, let migrations else { return nil }
        let (url, checkpointer) = (database.url, database.checkpointer(logger))
        return PerThread {
            let database = Database(url, migrations: migrations, checkpointer: checkpointer)
            database.observer = observer()
            database.onBarredFromWriting = onBarredFromWriting
            return database
        }
    }

    static func settings(_ variables: [String: String]) throws(InvalidSettings) -> ServiceSettings<Settings> {
        try ServiceSettings(variables, defaults: defaults, hasDatabase: migrations != nil)
    }
}

/// The exit code of a faulty configuration: `EX_CONFIG` of sysexits.h.
let faultyConfiguration = ExitCode(78)
