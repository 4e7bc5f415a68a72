import Glibc

/// A real balancer in front of the service, with the configuration in deploy/: only its addresses are others.
final class Balancer {
    enum Kind: String, Sendable, CaseIterable {
        case nginx, haproxy
    }

    let port: UInt16
    private let directory: TemporaryDirectory
    private let process: Spawned

    /// Starts the balancer before one instance and returns once it listens. It asks the instance no second time, so that
    /// each request that was lost is one that the client sees.
    ///
    /// - Parameter isProbing: Whether it asks /readyz all the time, and takes the service out after the first no (HAProxy).
    convenience init(_ kind: Kind, before service: UInt16, isProbing: Bool = false) throws {
        var changes = [("retry-on conn-failure empty-response", "retry-on none"), ("retries 3", "retries 0")]
        if isProbing { changes.append(("inter 1s fastinter 200ms fall 2 rise 1", "inter 50ms fall 1 rise 1")) }
        try self.init(kind, before: [service], changes)
    }

    /// Starts the balancer before several instances and returns once it listens.
    ///
    /// - Parameter changes: Texts of the configuration that are others here.
    init(_ kind: Kind, before services: [UInt16], _ changes: [(String, String)] = []) throws {
        directory = try TemporaryDirectory()
        port = try Balancer.freePort()
        var configuration = try kind.configuration(listeningOn: port, before: services)
        for (text, replacement) in changes { configuration = configuration.replacing(text, with: replacement) }
        let command = try kind.prepare(configuration, in: directory.path)
        let output = open(directory.path + "/output", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        process = try Spawned(command, environment: ["PATH": Binary.searchPath], output: output, errors: output)
        let port = port
        guard eventually({ (try? Connection(to: port)) != nil }) else {
            throw Spawned.Failure(description: "no \(kind): \(ProcessTree.read(directory.path + "/output") ?? "")")
        }
    }

    /// What the balancer says to its configuration as it stands in deploy/, addresses included: "" when it is sound.
    static func faults(_ kind: Kind) throws -> String {
        let directory = try TemporaryDirectory()
        let command = try kind.prepare(try kind.file(), in: directory.path)
        let check = try Finished.running(command + (kind == .nginx ? ["-t", "-q"] : ["-c", "-q"]))
        return check.exit == .code(0) ? check.errors : "\(check.exit): \(check.output)\(check.errors)"
    }

    deinit {
        kill(process.pid, SIGKILL)
        _ = process.wait(by: .after(5))
    }

    /// What it complained of, such as a service that it took out, and why.
    var complaints: String {
        let lines = (ProcessTree.read(directory.path + "/output") ?? "").split(separator: "\n")
        return lines.filter { $0.contains(" is DOWN") || $0.contains(" is UP") }.joined(separator: "\n")
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> UInt16 { try ListeningSocket().port }

    fileprivate static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw Spawned.Failure(description: "cannot write \(path)")
        }
    }
}

extension Balancer.Kind {
    /// The configuration in deploy/.
    fileprivate func file() throws -> String {
        let path = Binary.package + (self == .nginx ? "/deploy/nginx/service.conf" : "/deploy/haproxy/haproxy.cfg")
        guard let text = ProcessTree.read(path) else { throw Spawned.Failure(description: "there is no \(path)") }
        return text
    }

    /// The same with other addresses. Instances that are not there are left out.
    fileprivate func configuration(listeningOn port: UInt16, before services: [UInt16]) throws -> String {
        let lines = try file().split(separator: "\n", omittingEmptySubsequences: false).compactMap { line -> String? in
            let line = String(line).replacing("listen 80;", with: "listen 127.0.0.1:\(port);")
                .replacing("maxconn 8000", with: "maxconn 1000")
                .replacing("bind :80", with: "bind 127.0.0.1:\(port)")
            for (index, instance) in ["10.0.0.11:8080", "10.0.0.12:8080", "10.0.0.13:8080"].enumerated()
            where line.contains(instance) {
                guard index < services.count else { return nil }
                return line.replacing(instance, with: "127.0.0.1:\(services[index])")
            }
            return line
        }
        return lines.joined(separator: "\n")
    }

    /// Writes the configuration down. Returns what starts the balancer with it.
    fileprivate func prepare(_ configuration: String, in directory: String) throws -> [String] {
        switch self {
        case .nginx:
            // What is around conf.d/ in Debian's nginx.conf, in a directory of the test's own.
            let frame = """
                daemon off;
                master_process off;
                pid \(directory)/pid;
                error_log stderr warn;
                events { worker_connections 1024; }
                http {
                    access_log off;
                    client_body_temp_path \(directory)/body;
                    proxy_temp_path \(directory)/proxy;
                    fastcgi_temp_path \(directory)/fastcgi;
                    uwsgi_temp_path \(directory)/uwsgi;
                    scgi_temp_path \(directory)/scgi;
                    include \(directory)/service.conf;
                }
                """
            try Balancer.write(configuration, to: directory + "/service.conf")
            try Balancer.write(frame, to: directory + "/nginx.conf")
            return ["nginx", "-c", directory + "/nginx.conf", "-p", directory]
        case .haproxy:
            try Balancer.write(configuration, to: directory + "/haproxy.cfg")
            return ["haproxy", "-db", "-f", directory + "/haproxy.cfg"]
        }
    }
}
