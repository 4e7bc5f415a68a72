import ArgumentParser
import Glibc
import Linux
import Logging
import Prefork
import Telemetry

extension Service {
    /// What `serve` and `work` begin with: the settings, or the end of the process after each fault was logged; and the log, whose
    /// level can be changed.
    static func startingSettings() throws -> (
        settings: ServiceSettings<Settings>, level: SharedLogLevel, logger: Logger
    ) {
        let settings = settingsOrExit { fault in
            Logger(label: info.name) { _ in JSONLogHandler(level: .error) }.error(
                "faulty configuration",
                metadata: [
                    "key": .string(fault.key), "value": .string(fault.value), "expected": .string(fault.expected),
                ]
            )
        }
        let level = try makeTable(Logger.standardOutput(info, settings)) { () throws(SystemError) in
            try SharedLogLevel(settings.server.logLevel)
        }
        LoggingSystem.bootstrap { _ in JSONLogHandler(level: level) }
        let logger = Logger(label: info.name) { _ in JSONLogHandler(level: level) }
        for misspelling in settings.misspellings {
            logger.warning(
                "unknown variable looks like a setting",
                metadata: ["variable": .string(misspelling.variable), "setting": .string(misspelling.setting)]
            )
        }
        return (settings, level, logger)
    }

    /// Memory that exists before the first fork: in an upgrade the former program's, as far as this one understands it.
    /// - Parameters:
    ///   - name: Under which a program keeps it for the next.
    ///   - former: What a former program has kept; `nil` when it is laid out in another way.
    static func makeTable<Table>(
        _ logger: Logger,
        _ name: String? = nil,
        former: (SharedMemory) -> Table? = { _ in nil },
        _ make: () throws(SystemError) -> Table
    ) throws -> Table {
        if let name, let kept = ProcessStart.keptMemory(name).flatMap(former) { return kept }
        do throws(SystemError) {
            return try make()
        } catch {
            logger.error("supervisor cannot start", error: error)
            throw ArgumentParser.ExitCode(Prefork.ExitCode.workersCannotBoot.rawValue)
        }
    }
}

extension Logger {
    /// A logger on stdout, in the format that is wanted there.
    static func standardOutput(_ service: ServiceInfo, _ settings: ServiceSettings<some SettingsGroup>) -> Logger {
        LogOutput.standardOutput.use(settings.server.logFormat)
        return Logger(label: service.name) { _ in JSONLogHandler(level: settings.server.logLevel) }
    }

    /// The logger of an admin task, on stdout, too. It waits for who reads there: without waiting, what the task itself prints
    /// would be cut off where a pipe is full.
    static func waiting(_ service: ServiceInfo, _ settings: ServiceSettings<some SettingsGroup>) -> Logger {
        let output = LogOutput(descriptor: STDOUT_FILENO)
        output.use(settings.server.logFormat)
        return Logger(label: service.name) { _ in JSONLogHandler(level: settings.server.logLevel, output: output) }
    }
}
