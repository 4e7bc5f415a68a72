import CLinux
import Glibc
import Linux

/// Asks a server one question over HTTP, as a health check does: one GET, one answer, one deadline.
public struct Probe: Sendable {
    /// Where the server listens.
    public enum Target: Sendable, Hashable {
        /// A TCP port; `host` is an address or a name.
        case tcp(host: String, port: UInt16)
        /// A unix socket.
        case unix(path: String)
    }

    /// What the server said.
    public struct Answer: Sendable, Hashable {
        /// The status code.
        public let status: Int
        /// The content as text.
        public let body: String
    }

    private let target: Target
    private let timeout: Duration

    /// A probe of a server.
    /// - Parameters:
    ///   - target: Where it listens.
    ///   - timeout: How long connecting, sending and each wait for more of the answer may take.
    public init(_ target: Target, timeout: Duration) {
        self.target = target
        self.timeout = timeout
    }

    /// Asks for a path.
    /// - Throws: When there is no answer in time, or none that is HTTP.
    public func get(_ path: String) throws(ProbeError) -> Answer {
        let socket = try connect()
        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard unsafe send(socket.rawValue, request, request.count, CInt(MSG_NOSIGNAL)) == request.count else {
            throw ProbeError("sending the request", errno)
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while bytes.count < Self.largestAnswer {
            let count = unsafe recv(socket.rawValue, &chunk, chunk.count, 0)
            if count == 0 { break }
            guard count > 0 else { throw ProbeError("waiting for the answer", errno) }
            bytes += chunk[..<count]
        }
        guard let answer = Probe.parse(bytes) else {
            throw ProbeError(description: "\(target) answered something that is not HTTP")
        }
        return answer
    }

    /// More than any health answer, in bytes: a server that sends without end must not keep the probe.
    private static let largestAnswer = 1 << 20

    /// The status and the body of an answer that ends with its connection.
    static func parse(_ bytes: [UInt8]) -> Answer? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let headEnd = text.firstRange(of: "\r\n\r\n") else { return nil }
        let statusLine = text.prefix { $0 != "\r\n" }.split(separator: " ")
        guard statusLine.count >= 2, statusLine[0].hasPrefix("HTTP/1."), let status = Int(statusLine[1]) else {
            return nil
        }
        return Answer(status: status, body: String(text[headEnd.upperBound...]))
    }

    private func connect() throws(ProbeError) -> FileDescriptor {
        let address = try address
        do throws(SystemError) {
            let socket = try FileDescriptor.streamSocket(family: address.family, isNonBlocking: false)
            try socket.setTimeout(timeout)
            try address.connect(socket.rawValue)
            return socket
        } catch {
            throw ProbeError("connecting to \(target)", error.code)
        }
    }

    private var address: SocketAddress {
        get throws(ProbeError) {
            switch target {
            case .unix(let path):
                guard let address = SocketAddress(path: path) else {
                    throw ProbeError(description: "\(path) is too long for a unix socket")
                }
                return address
            case .tcp(let host, let port):
                do throws(UnknownHostError) {
                    return try SocketAddress.resolve(host: host, port: port)
                } catch {
                    throw ProbeError(description: "\(host) is no address of a host: \(error.reason)")
                }
            }
        }
    }
}

/// Why a probe got no answer.
public struct ProbeError: Error, Sendable, CustomStringConvertible {
    /// What failed, in one line.
    public let description: String

    init(description: String) {
        self.description = description
    }

    init(_ step: String, _ code: CInt) {
        // A connection that takes longer than it may is reported as still being made.
        let isLate = code == EAGAIN || code == EINPROGRESS
        let reason = isLate ? "no answer in time" : SystemError(step, code: code).reason
        self.init(description: "\(step) failed: \(reason); is the service running with this PORT and HOST?")
    }
}

extension Probe.Target: CustomStringConvertible {
    /// As people write it.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
