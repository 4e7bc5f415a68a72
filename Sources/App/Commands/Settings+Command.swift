import ArgumentParser
import Glibc
import Telemetry

/// The exit code of a faulty configuration: `EX_CONFIG` of sysexits.h.
let faultyConfiguration = ExitCode(78)

extension Settings {
    /// The settings, or the end of the process after every fault was reported.
    static func orExit(report: (SettingFault) -> Void = { StandardError.write("\($0)\n") }) -> Settings {
        do {
            return try Settings.fromEnvironment()
        } catch {
            error.faults.forEach(report)
            Glibc.exit(faultyConfiguration.rawValue)
        }
    }
}

/// Where admin tasks complain, so that their output stays clean.
enum StandardError {
    static func write(_ text: String) {
        LogOutput(descriptor: STDERR_FILENO).write([UInt8](text.utf8).span)
    }
}
