/// Who starts and stops the service, as far as its environment tells.
enum Platform: Hashable {
    case heroku
    case kubernetes
    case systemd
    /// honcho or foreman.
    case procfileRunner
    case container
    case unknown

    /// - Parameter isContainer: Whether files are there that container runtimes make.
    init(_ variables: [String: String], isContainer: Bool) {
        self =
            if variables["DYNO"] != nil { .heroku }
            else if variables["KUBERNETES_SERVICE_HOST"] != nil { .kubernetes }
            else if variables["HONCHO_PROCESS_NAME"] != nil || variables["FOREMAN_WORKER_NAME"] != nil { .procfileRunner }
            else if isContainer { .container }
            else if variables["INVOCATION_ID"] != nil { .systemd }
            else { .unknown }
    }

    var name: String {
        switch self {
        case .heroku: "Heroku"
        case .kubernetes: "Kubernetes"
        case .systemd: "systemd"
        case .procfileRunner: "the Procfile's runner"
        case .container: "the container's runtime"
        case .unknown: "nobody known"
        }
    }

    /// How long after TERM it kills, unless told otherwise; `nil` when nobody knows.
    var grace: Duration? {
        switch self {
        case .heroku, .kubernetes: .seconds(30)
        case .systemd: .seconds(90)
        case .procfileRunner: .seconds(5)
        // Docker and podman.
        case .container: .seconds(10)
        case .unknown: nil
        }
    }

    /// What raises it.
    var graceRemedy: String {
        switch self {
        case .kubernetes: "raise terminationGracePeriodSeconds, or lower them"
        case .systemd: "raise TimeoutStopSec, or lower them"
        case .container: "stop it with a longer grace (docker stop --time), or lower them"
        case .heroku, .procfileRunner, .unknown: "lower them"
        }
    }
}
