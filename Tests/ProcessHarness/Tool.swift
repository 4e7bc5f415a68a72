import Glibc
import Testing

/// A program that tests put around the service. `bin/setup --tests` installs all of them; a test names what it needs
/// (`.needs(.nginx)`), and is skipped by that name where it is missing. In CI, `ToolTests` fails instead.
enum Tool: String, Sendable, CaseIterable {
    case axe, bash, cc, chromedriver, chromium, chroot, curl, haproxy, honcho, ip, nginx, nsenter, openssl,
        openAPI, opentelemetry
    case pgbouncer, pkill, postgres, prlimit, prometheus, prometheusClient, promtool, ps, python3, readelf, selenium
    case setpriv, strace
    case systemdAnalyze = "systemd-analyze"
    case systemdSocketActivate = "systemd-socket-activate"
    case tmux, unshare

    /// Where it is found: a name in `Binary.searchPath`, or a path.
    var command: String {
        switch self {
        case .honcho: Binary.package + "/.build/tools/bin/honcho"
        case .axe, .openAPI, .opentelemetry, .prometheusClient, .selenium: Binary.package + "/.build/tools/bin/python3"
        case .postgres: "/usr/lib/postgresql/15/bin/postgres"
        default: rawValue
        }
    }

    /// What to type to have it.
    private var advice: String {
        switch self {
        case .bash, .chromium, .curl, .haproxy, .openssl, .pgbouncer, .python3, .strace, .tmux:
            "apt-get install \(rawValue)"
        case .cc: "apt-get install gcc"
        case .chromedriver: "apt-get install chromium-driver"
        case .chroot: "apt-get install coreutils"
        case .axe, .honcho, .openAPI, .opentelemetry, .prometheusClient, .selenium: "bin/setup --tests"
        case .ip: "apt-get install iproute2"
        case .nginx: "apt-get install nginx-light"
        case .nsenter, .prlimit, .setpriv, .unshare: "apt-get install util-linux"
        case .postgres: "apt-get install postgresql"
        case .pkill, .ps: "apt-get install procps"
        case .prometheus, .promtool: "apt-get install prometheus"
        case .readelf: "apt-get install binutils"
        case .systemdAnalyze, .systemdSocketActivate: "apt-get install systemd"
        }
    }

    /// What it can do only where the kernel and whoever confines these tests let it.
    private var trial: [String]? {
        switch self {
        case .opentelemetry: [command, "-c", "import opentelemetry.proto.trace.v1.trace_pb2"]
        case .openAPI:
            [command, "-c", "import jsonschema, openapi_python_client, openapi_spec_validator, schemathesis"]
        case .axe: [command, "-c", "import axe_core_python"]
        case .selenium: [command, "-c", "import selenium"]
        case .prometheusClient: [command, "-c", "import prometheus_client"]
        case .setpriv: User.ordinary.launcher.isEmpty ? nil : User.ordinary.launcher + ["true"]
        case .strace: ["strace", "-qq", "-I", "1", "-o", "/dev/null", "true"]
        case .unshare: ["unshare", "--pid", "--fork", "--mount-proc", "true"]
        default: nil
        }
    }

    /// Whether it is root's alone to use.
    var isForRoot: Bool { [.chroot, .ip, .nsenter, .unshare].contains(self) }

    private static let obstacles: [Tool: String] = {
        var obstacles: [Tool: String] = [:]
        for tool in Tool.allCases { obstacles[tool] = tool.findObstacle() }
        return obstacles
    }()

    /// Why a test cannot use it, and what to do; nil when it can.
    var obstacle: String? { Tool.obstacles[self] }

    private func findObstacle() -> String? {
        let places = command.hasPrefix("/") ? [""] : Binary.searchPath.split(separator: ":").map { "\($0)/" }
        guard places.contains(where: { access($0 + command, X_OK) == 0 }) else { return "\(rawValue): \(advice)" }
        if isForRoot && geteuid() != 0 { return "\(rawValue): run the tests as root" }
        guard let trial else { return nil }
        let done = try? Finished.running(trial)
        return done?.exit == .code(0) ? nil : "\(rawValue): it may not do here what it has to (\(done?.errors ?? ""))"
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test, and says what to install, unless all of these can be used.
    static func needs(_ tools: Tool...) -> Self {
        let obstacles = tools.compactMap(\.obstacle)
        return .enabled(if: obstacles.isEmpty, Comment(rawValue: "needs " + obstacles.joined(separator: "; ")))
    }
}
