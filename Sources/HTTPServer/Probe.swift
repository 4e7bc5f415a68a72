import CLinux
import Glibc

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
    /// - Parameter timeout: How long connecting, sending and each wait for more of the answer may take.
    public init(_ target: Target, timeout: Duration) {
        self.target = target
        self.timeout = timeout
    }

    /// Asks for a path.
    /// - Throws: When there is no answer in time, or none that is HTTP.
    public func get(_ path: String) throws(ProbeError) -> Answer {
        let descriptor = try connect()
        defer { close(descriptor) }
        let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        var bytes = [UInt8](request.utf8)
        guard unsafe send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw ProbeError("sending the request", errno)
        }
        bytes.removeAll()
        // More than any health answer; a server that sends without end must not keep the probe.
        var chunk = [UInt8](repeating: 0, count: 16384)
        while bytes.count < 1 << 20 {
            let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { break }
            guard count > 0 else { throw ProbeError("waiting for the answer", errno) }
            bytes += chunk[..<count]
        }
        guard let answer = Probe.parse(bytes) else {
            throw ProbeError(description: "\(target) answered something that is not HTTP")
        }
        return answer
    }

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

    private func connect() throws(ProbeError) -> CInt {
        switch target {
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
                guard path.utf8.count < room.count else { return false }
                unsafe room.copyBytes(from: path.utf8)
                return true
            }
            guard fits else { throw ProbeError(description: "\(path) is too long for a unix socket") }
            return try unsafe withUnsafeBytes(of: &address) { (bytes) throws(ProbeError) in
                try unsafe connect(AF_UNIX, bytes)
            }
        case .tcp(let host, let port):
            var hints = unsafe addrinfo()
            unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
            var addresses: UnsafeMutablePointer<addrinfo>?
            guard unsafe getaddrinfo(host, String(port), &hints, &addresses) == 0, let first = unsafe addresses else {
                throw ProbeError(description: "\(host) is no address of a host")
            }
            defer { unsafe freeaddrinfo(first) }
            let (family, length) = unsafe (first.pointee.ai_family, Int(first.pointee.ai_addrlen))
            return try unsafe connect(family, UnsafeRawBufferPointer(start: first.pointee.ai_addr, count: length))
        }
    }

    private func connect(_ family: CInt, _ address: UnsafeRawBufferPointer) throws(ProbeError) -> CInt {
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0, let start = address.baseAddress else { throw ProbeError("making a socket", errno) }
        let (seconds, attoseconds) = timeout.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let sockaddrStart = unsafe start.assumingMemoryBound(to: sockaddr.self)
        guard unsafe Glibc.connect(descriptor, sockaddrStart, socklen_t(address.count)) == 0 else {
            let code = errno
            close(descriptor)
            throw ProbeError("connecting to \(target)", code)
        }
        return descriptor
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
        let reason = code == EAGAIN ? "no answer in time" : unsafe String(cString: strerror(code))
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
