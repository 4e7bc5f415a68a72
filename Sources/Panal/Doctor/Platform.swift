/// Who starts and stops the service, as far as its environment tells.
enum Platform: Hashable {
    case heroku
    case cloudRun
    case fly
    case ecs
    case kubernetes
    case systemd
    /// honcho or foreman.
    case procfileRunner
    case container
    case unknown

    /// - Parameter isContainer: Whether files are there that container runtimes make.
    init(_ variables: [String: String], isContainer: Bool) {
        self =
            if variables["DYNO"] != nil { .heroku } else if variables["K_SERVICE"] != nil {
                .cloudRun
            } else if variables["FLY_APP_NAME"] != nil {
                .fly
            } else if variables["ECS_CONTAINER_METADATA_URI_V4"] != nil {
                .ecs
            } else if variables["KUBERNETES_SERVICE_HOST"] != nil {
                .kubernetes
            } else if variables["HONCHO_PROCESS_NAME"] != nil || variables["FOREMAN_WORKER_NAME"] != nil {
                .procfileRunner
            } else if isContainer { .container } else if variables["INVOCATION_ID"] != nil { .systemd } else {
                .unknown
            }
    }

    var name: String {
        switch self {
        case .heroku: "Heroku"
        case .cloudRun: "Cloud Run"
        case .fly: "Fly.io"
        case .ecs: "Amazon ECS"
        case .kubernetes: "Kubernetes"
        case .systemd: "systemd"
        case .procfileRunner: "the Procfile's runner"
        case .container: "the container's runtime"
        case .unknown: "whoever stops it"
        }
    }

    /// How long after TERM it kills, unless told otherwise; `nil` when nobody knows.
    var grace: Duration? {
        switch self {
        case .heroku, .kubernetes, .ecs: .seconds(30)
        case .systemd: .seconds(90)
        case .procfileRunner, .fly: .seconds(5)
        // Docker and podman.
        case .container, .cloudRun: .seconds(10)
        case .unknown: nil
        }
    }

    /// What raises it.
    var graceRemedy: String {
        switch self {
        case .kubernetes: "raise terminationGracePeriodSeconds, or lower DRAIN_DELAY or SHUTDOWN_TIMEOUT"
        case .systemd: "raise TimeoutStopSec, or lower DRAIN_DELAY or SHUTDOWN_TIMEOUT"
        case .ecs: "raise stopTimeout, or lower DRAIN_DELAY or SHUTDOWN_TIMEOUT"
        case .fly: "raise kill_timeout, or lower DRAIN_DELAY or SHUTDOWN_TIMEOUT"
        case .container: "stop it with a longer grace (docker stop --time), or lower DRAIN_DELAY or SHUTDOWN_TIMEOUT"
        case .heroku, .cloudRun, .procfileRunner, .unknown: "lower DRAIN_DELAY or SHUTDOWN_TIMEOUT"
        }
    }

    /// The balancer that it comes with, and how long that keeps an idle connection to the service; `nil` when nobody knows.
    var balancer: (name: String, idle: Duration)? {
        switch self {
        case .heroku: ("Heroku's router", .seconds(90))
        default: nil
        }
    }

    /// Whether files outside of a mounted volume are gone when it starts the service anew.
    var hasFleetingDisk: Bool {
        switch self {
        case .heroku, .cloudRun, .fly, .ecs: true
        case .kubernetes, .systemd, .procfileRunner, .container, .unknown: false
        }
    }

    /// Whether whoever could read a secret's file in it could read everything of the service anyway.
    var isolatesFiles: Bool {
        switch self {
        case .heroku, .cloudRun, .fly, .ecs, .kubernetes, .container: true
        case .systemd, .procfileRunner, .unknown: false
        }
    }
}
