import Foundation
import Glibc
import HTTPClient
import HTTPTypes
import Testing

@testable import ProcessHarness

/// The server of `hostile_server.py`, one for all tests of this process; it ends when this process does.
final class HostileServer: Sendable {
    static let shared = Result { try HostileServer() }

    struct Ports: Decodable {
        var plain: Int
        var v6: Int?
        var good: Int
        var wrong: Int
        var expired: Int
        var `self`: Int
        var old: Int
        var full: Int
        var silent: Int
        var closed: Int
        var authority: String
    }

    let ports: Ports
    private let server: PythonServer

    private init() throws {
        server = try PythonServer("Tests/HTTPClientTests/hostile_server.py")
        ports = try JSONDecoder().decode(Ports.self, from: Data(server.announcement))
    }

    /// A URL of the server that speaks HTTP without TLS.
    func url(_ path: String) -> String { "http://127.0.0.1:\(ports.plain)\(path)" }

    /// How many requests came to one of the counted paths.
    func count(_ key: String) throws -> Int {
        try Int(HTTPClient(.patient).send(.get(url("/count/\(key)"))).text) ?? -1
    }
}

extension HTTPClient.Configuration {
    /// One attempt, and time enough for it on a machine that is busy.
    static var patient: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .seconds(20)
        configuration.connectTimeout = .seconds(20)
        configuration.firstByteTimeout = .seconds(20)
        configuration.retries.maxAttempts = 1
        return configuration
    }

    /// One attempt, and three seconds for it: what hangs takes them all, what does not is here long before.
    static var hurried: HTTPClient.Configuration {
        var configuration = patient
        configuration.timeout = .seconds(3)
        configuration.connectTimeout = .seconds(2)
        configuration.firstByteTimeout = .milliseconds(2500)
        return configuration
    }

    func with(_ change: (inout HTTPClient.Configuration) -> Void) -> HTTPClient.Configuration {
        var configuration = self
        change(&configuration)
        return configuration
    }
}

/// What a call failed with; nil when it did not.
func failure<Value>(_ body: () throws -> Value) -> HTTPClientError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? HTTPClientError
    }
}

extension HTTPClientError.Reason {
    /// Without what is said beside it.
    var kind: String {
        switch self {
        case .cannotLoadLibrary: "cannotLoadLibrary"
        case .refusedRequest: "refusedRequest"
        case .refusedAddress: "refusedAddress"
        case .circuitOpen: "circuitOpen"
        case .cannotConnect: "cannotConnect"
        case .tls: "tls"
        case .timedOut(.start, _): "timedOut(start)"
        case .timedOut(.connection, _): "timedOut(connection)"
        case .timedOut(.firstByte, _): "timedOut(firstByte)"
        case .timedOut(.body, _): "timedOut(body)"
        case .reset: "reset"
        case .tooLarge(.head, _): "tooLarge(head)"
        case .tooLarge(.body, _): "tooLarge(body)"
        case .malformed: "malformed"
        case .redirect: "redirect"
        case .status: "status"
        case .undecodable: "undecodable"
        }
    }
}

/// What `/echo` says of the request.
struct Echo: Decodable {
    struct Connection: Decodable {
        var id: Int
        var requests: Int
    }

    var method: String
    var path: String
    var query: String
    var fields: [String: String]
    var body: String
    var connection: Connection
}
