import Glibc
import Telemetry

/// Where admin tasks complain, so that their output stays clean.
enum StandardError {
    static func write(_ text: String) {
        LogOutput(descriptor: STDERR_FILENO).write([UInt8](text.utf8).span)
    }
}
