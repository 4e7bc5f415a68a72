import Glibc
import HTTPTypes
import Linux
import Testing

@testable import HTTPClient
@testable import ProcessHarness

@Suite("Over TLS", .needs(.python3, .openssl, .nginx))
struct HTTP2Tests {
    @Test("HTTP/2 is spoken where the other side does, and calls at the same time share a connection")
    func http2() throws {
        let server = try HostileServer.shared.get()
        let nginx = try Nginx(certificates: server.ports.authority)
        let client = try HTTPClient(.patient.with { $0.caFile = server.ports.authority })
        let url = "https://localhost:\(nginx.port)/"
        #expect(try client.send(.get(url)).text.split(separator: " ").first == "HTTP/2.0")
        let posted = HTTPClient.Request(.post, url, body: .text("hello"), idempotencyKey: "1")
        #expect(try client.send(posted).text.hasPrefix("HTTP/2.0"))
        let answers = try client.all((0..<10).map { _ in .get(url) }).map { try $0.get().text }
        #expect(answers.allSatisfy { $0.hasPrefix("HTTP/2.0") })
        #expect(Set(answers.map { $0.split(separator: " ").last }).count == 1, "\(answers)")
        // And HTTP/1.1 where it does not.
        #expect(try client.send(.get("https://localhost:\(server.ports.good)/ok")).status == .ok)
    }
}

/// nginx with HTTP/2 over TLS; it answers with the protocol and the number of the connection.
private final class Nginx {
    let port: UInt16
    private let directory: TemporaryDirectory
    private let process: Spawned

    init(certificates authority: String) throws {
        directory = try TemporaryDirectory()
        // One that was free a moment ago.
        port = try ListeningSocket().port
        let folder = directory.path
        let good = authority.replacing("/ca.pem", with: "/good")
        let configuration = """
            daemon off; master_process off; pid \(folder)/pid; error_log stderr;
            events {}
            http {
                access_log off;
                client_body_temp_path \(folder)/a; proxy_temp_path \(folder)/b; fastcgi_temp_path \(folder)/c;
                uwsgi_temp_path \(folder)/d; scgi_temp_path \(folder)/e;
                server {
                    listen 127.0.0.1:\(port) ssl http2;
                    ssl_certificate \(good).pem; ssl_certificate_key \(good).key;
                    return 200 "$server_protocol $connection";
                }
            }
            """
        let path = folder + "/nginx.conf"
        SystemFile.write(configuration, creating: path)
        process = try Spawned(
            ["nginx", "-c", path],
            environment: ["PATH": Binary.searchPath + ":/usr/sbin"],
            output: 2,
            errors: 2
        )
        let port = port
        guard eventually({ (try? Connection(to: port)) != nil }) else { throw Spawned.Failure(description: "no nginx") }
    }

    deinit {
        kill(process.pid, SIGKILL)
        _ = process.wait(by: .after(5))
    }
}

extension SystemFile {
    fileprivate static func write(_ text: String, creating path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        _ = write(text, to: descriptor)
        close(descriptor)
    }
}
