import Glibc

/// A real balancer in front of the service, as its users put one there: with connections to it that are kept alive.
final class Balancer {
    enum Kind: String, Sendable, CaseIterable {
        case nginx, haproxy
    }

    let port: UInt16
    private let directory: TemporaryDirectory
    private let process: Spawned

    /// Starts the balancer and returns once it listens.
    ///
    /// - Parameter isProbing: Whether it asks /readyz all the time, and takes the service out after the first no (HAProxy).
    init(_ kind: Kind, before service: UInt16, isProbing: Bool = false) throws {
        directory = try TemporaryDirectory()
        port = try Balancer.freePort()
        let path = directory.path + "/configuration"
        let configuration = kind.configuration(listeningOn: port, to: service, in: directory.path, isProbing: isProbing)
        try Balancer.write(configuration, to: path)
        let output = open(directory.path + "/output", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        process = try Spawned(
            kind == .nginx ? ["nginx", "-c", path, "-p", directory.path] : ["haproxy", "-db", "-f", path],
            environment: ["PATH": Binary.searchPath],
            output: output,
            errors: output
        )
        let port = port
        guard eventually({ (try? Connection(to: port)) != nil }) else {
            throw Spawned.Failure(description: "no \(kind): \(ProcessTree.read(directory.path + "/output") ?? "")")
        }
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

    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw Spawned.Failure(description: "cannot write \(path)")
        }
    }
}

extension Balancer.Kind {
    fileprivate func configuration(
        listeningOn port: UInt16,
        to service: UInt16,
        in directory: String,
        isProbing: Bool
    ) -> String {
        switch self {
        case .nginx: nginx(port, to: service, in: directory)
        case .haproxy: haproxy(port, to: service, isProbing: isProbing)
        }
    }

    private func nginx(_ port: UInt16, to service: UInt16, in directory: String) -> String {
        """
        daemon off;
        master_process off;
        pid \(directory)/pid;
        error_log \(directory)/errors warn;
        events { worker_connections 1024; }
        http {
            access_log off;
            client_max_body_size 2m;
            client_body_temp_path \(directory)/body;
            proxy_temp_path \(directory)/proxy;
            fastcgi_temp_path \(directory)/fastcgi;
            uwsgi_temp_path \(directory)/uwsgi;
            scgi_temp_path \(directory)/scgi;
            upstream service {
                server 127.0.0.1:\(service);
                keepalive 32;
            }
            server {
                listen 127.0.0.1:\(port);
                keepalive_requests 1000000;
                location / {
                    proxy_pass http://service;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                }
            }
        }
        """
    }

    private func haproxy(_ port: UInt16, to service: UInt16, isProbing: Bool) -> String {
        """
        global
            maxconn 1000
        defaults
            mode http
            timeout connect 10s
            timeout client 60s
            timeout server 60s
            option http-keep-alive
            http-reuse safe
        frontend public
            bind 127.0.0.1:\(port)
            default_backend service
        backend service
            option httpchk GET /readyz
            http-check expect status 200
            server one 127.0.0.1:\(service)\(isProbing ? " check inter 50ms fall 1 rise 1" : "")

        """
    }
}
