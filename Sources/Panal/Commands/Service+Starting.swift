import ArgumentParser
import Linux
import Logging
import Prefork
import Telemetry

extension Service {
    /// What `serve` and `work` begin with: the settings, or the end of the process after each fault was logged; and the log.
    static func startingSettings() -> (settings: ServiceSettings<Settings>, logger: Logger) {
        let settings = settingsOrExit { fault in
            Logger.json(info, level: .error).error(
                "faulty configuration",
                metadata: [
                    "key": .string(fault.key), "value": .string(fault.value), "expected": .string(fault.expected),
                ]
            )
        }
        let logger = Logger.json(info, level: settings.server.logLevel)
        LoggingSystem.bootstrap { _ in JSONLogHandler(level: settings.server.logLevel) }
        for misspelling in settings.misspellings {
            logger.warning(
                "unknown variable looks like a setting",
                metadata: ["variable": .string(misspelling.variable), "setting": .string(misspelling.setting)]
            )
        }
        return (settings, logger)
    }

    /// What handlers take, and what comes of calls, is counted in memory that exists before the first fork.
    static func makeTable<Table>(_ logger: Logger, _ make: () throws(SystemError) -> Table) throws -> Table {
        do throws(SystemError) {
            return try make()
        } catch {
            logger.error("supervisor cannot start", error: error)
            throw ArgumentParser.ExitCode(Prefork.ExitCode.workersCannotBoot.rawValue)
        }
    }
}

extension Logger {
    /// A logger whose events are JSON lines on stdout.
    static func json(_ service: ServiceInfo, level: Logger.Level) -> Logger {
        Logger(label: service.name) { _ in JSONLogHandler(level: level) }
    }
}
