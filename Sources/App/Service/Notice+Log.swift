import Logging
import Prefork
import Telemetry

extension Logger {
    /// Logs what the supervisor has to say.
    func log(_ notice: Notice) {
        var metadata: Logger.Metadata = [:]
        for field in notice.fields {
            switch field.value {
            case .integer(let number): metadata[field.name] = .number(number)
            case .text(let text): metadata[field.name] = .string(text)
            case .flag(let flag): metadata[field.name] = .flag(flag)
            case .duration(let duration): metadata[field.name + "Ms"] = .milliseconds(duration)
            case .integers(let numbers): metadata[field.name] = .numbers(numbers)
            }
        }
        log(level: Logger.Level(notice.level), "\(notice.message)", metadata: metadata)
    }
}

extension Logger.Level {
    fileprivate init(_ level: Notice.Level) {
        switch level {
        case .debug: self = .debug
        case .info: self = .info
        case .warning: self = .warning
        case .error: self = .error
        }
    }
}
