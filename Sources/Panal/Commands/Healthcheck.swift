import ArgumentParser
import HTTPServer

/// `healthcheck`: asks the service that runs with the same environment on this host, without a tool in the image.
struct Healthcheck<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "healthcheck",
            abstract: "Ask the running service's /readyz; exit code 0 when it says yes."
        )
    }

    @Flag(help: "Ask /livez: whether it answers at all.")
    var live = false

    func run() throws {
        let path = live ? "/livez" : "/readyz"
        let answer = try Probe(S.settingsOrExit().server.probeTarget, timeout: .seconds(2)).get(path)
        print(answer.body, terminator: answer.body.hasSuffix("\n") ? "" : "\n")
        guard answer.status == 200 else { throw ExitCode.failure }
    }
}

extension ServerSettings {
    fileprivate var probeTarget: Probe.Target {
        if host.hasPrefix("unix:") { return .unix(path: String(host.dropFirst(5))) }
        switch host {
        case "::": return .tcp(host: "::1", port: port)
        case "0.0.0.0": return .tcp(host: "127.0.0.1", port: port)
        default: return .tcp(host: host, port: port)
        }
    }
}
