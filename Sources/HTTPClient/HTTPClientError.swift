public import HTTPTypes
public import Linux

/// Why a call has no answer, or none that is of use.
public struct HTTPClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    public var reason: Reason
    /// Whom the call was for: scheme, host and port. Never the path or the query, which may hold what nobody should read.
    public var host: String
    /// How many times the request was sent or tried to be sent.
    public var attempts: Int

    /// What can go wrong.
    public enum Reason: Sendable, Hashable {
        /// libcurl is not there; with the system's words.
        case cannotLoadLibrary(String)
        /// The request is none that may be sent: its URL or one of its fields; with the reason.
        case refusedRequest(String)
        /// The address is one of those that are not called; see docs/calling-out.md.
        case refusedAddress(IPAddress)
        /// Too many of the last calls to the host failed: it is left alone until so much time has passed.
        case circuitOpen(retryAfter: Duration)
        /// No connection: the name is not known, nobody listens, the host cannot be reached.
        case cannotConnect(String)
        /// There is no trust: a certificate that is expired, of another host or of an unknown authority, or no common protocol.
        case tls(String)
        /// The time was up.
        case timedOut(Phase, after: Duration)
        /// The connection ended before the answer did.
        case reset(String)
        /// The answer is larger than it may be, in bytes.
        case tooLarge(Part, limit: Int)
        /// The answer is not HTTP, or its coding is broken.
        case malformed(String)
        /// The answer leads elsewhere, and is not followed there; with the reason.
        case redirect(String)
        /// The answer says that the request failed; what it says of it, at most 1024 bytes.
        case status(HTTPResponse.Status, String)
        /// The answer's body is not what was asked for; with the decoder's words.
        case undecodable(String)
    }

    /// What a call was waiting for.
    public enum Phase: String, Sendable, Hashable {
        /// For its turn: the deadline had passed before the request was sent, or would have before it could be sent again.
        case start = "it was sent"
        /// For a connection, with name resolution and TLS.
        case connection = "there was a connection"
        /// For the first byte of the answer.
        case firstByte = "the answer began"
        /// For the rest of it.
        case body = "the answer was complete"
    }

    /// A part of an answer.
    public enum Part: String, Sendable, Hashable {
        /// The header fields, with those of interim answers.
        case head
        /// The body, decoded.
        case body
    }

    /// An error.
    public init(_ reason: Reason, host: String, attempts: Int = 0) {
        self.reason = reason
        self.host = host
        self.attempts = attempts
    }

    /// What failed, with whom, and what to do, in a line.
    public var description: String {
        let call = host.isEmpty ? "call" : "call to \(host)"
        let again = attempts > 1 ? " (\(attempts) attempts)" : ""
        return "\(call) failed\(again): \(reason)"
    }
}

extension HTTPClientError.Reason: CustomStringConvertible {
    /// What went wrong and what to do, in a line.
    public var description: String {
        switch self {
        case .cannotLoadLibrary(let words):
            "libcurl cannot be loaded: \(words); install it (Debian: libcurl4)"
        case .refusedRequest(let why):
            "the request is not sent: \(why)"
        case .refusedAddress(let address):
            "\(address) is an address that is not called; allow it in HTTP_CLIENT_ALLOW if it is meant"
        case .circuitOpen(let time):
            "too many of the last calls failed; the next is tried in \(time)"
        case .cannotConnect(let words):
            "no connection: \(words); see that the service runs and that its URL is right"
        case .tls(let words):
            "TLS: \(words); a private authority's certificate goes into HTTP_CLIENT_CA_FILE, "
                + "the public ones' come with the package ca-certificates"
        case .timedOut(let phase, let time):
            "\(time) had passed before \(phase.rawValue)"
        case .reset(let words):
            "the connection ended before the answer did: \(words)"
        case .tooLarge(let part, let limit):
            "the answer's \(part.rawValue) is larger than \(limit) bytes; raise the request's limit if that is meant"
        case .malformed(let words):
            "the answer is not HTTP as it should be: \(words)"
        case .redirect(let why):
            "the answer leads elsewhere and is not followed: \(why)"
        case .status(let status, let words):
            words.isEmpty ? "the answer is \(status.code)" : "the answer is \(status.code): \(words)"
        case .undecodable(let words):
            "the answer's body is not what was asked for: \(words)"
        }
    }
}
