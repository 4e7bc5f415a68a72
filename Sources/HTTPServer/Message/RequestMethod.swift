import HTTPTypes

/// The methods of RFC 9110 and RFC 5789, as small integers.
enum RequestMethod: UInt8, Sendable, CaseIterable {
    case get
    case head
    case post
    case put
    case patch
    case delete
    case options
    case trace
    case connect

    /// Whether routes can answer it: CONNECT is for proxies, TRACE would repeat credentials to whoever reads the answer.
    var isRoutable: Bool { self != .trace && self != .connect }

    /// Whether it asks for nothing to be changed (RFC 9110 section 9.2.1).
    var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .post, .put, .patch, .delete, .connect: false
        }
    }

    /// With its name on the wire (case-sensitive, RFC 9110 section 9.1).
    var value: HTTPRequest.Method {
        switch self {
        case .get: .get
        case .head: .head
        case .post: .post
        case .put: .put
        case .patch: .patch
        case .delete: .delete
        case .options: .options
        case .trace: .trace
        case .connect: .connect
        }
    }

    /// Its name on the wire.
    var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        }
    }

    init?(_ method: HTTPRequest.Method) {
        guard let known = Self.allCases.first(where: { $0.value == method }) else { return nil }
        self = known
    }

    init?(_ token: Span<UInt8>) {
        // The name as one integer: 7 bytes hold the longest.
        guard token.count <= 7 else { return nil }
        var packed: UInt64 = 0
        for index in token.indices { packed = packed << 8 | UInt64(token[index]) }
        switch packed {
        case 0x47_4554: self = .get
        case 0x4845_4144: self = .head
        case 0x504F_5354: self = .post
        case 0x50_5554: self = .put
        case 0x50_4154_4348: self = .patch
        case 0x4445_4C45_5445: self = .delete
        case 0x4F_5054_494F_4E53: self = .options
        case 0x54_5241_4345: self = .trace
        case 0x43_4F4E_4E45_4354: self = .connect
        default: return nil
        }
    }
}
