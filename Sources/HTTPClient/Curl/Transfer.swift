import CCurl
import Glibc
import HTTPTypes
import Linux

/// One request on its way and its answer: a handle of libcurl, what it is told, and what it has told so far. Used again for
/// the next request of its thread when it has ended.
@safe
final class Transfer {
    /// What is to be sent, and what may come back.
    struct Plan {
        var method: HTTPRequest.Method
        var target: Target
        /// Lines of the head, such as `Accept: */*`.
        var fields: [String]
        var body: [UInt8]?
        /// Whether the body comes in pieces, and how long it will be where that is known.
        var upload: Upload?
        /// Whether libcurl may send the request again on another connection when the one it had kept turned out to be closed.
        var isRepeatable: Bool
        var connectTimeout: Duration
        /// Whether pieces of the answer's body are taken as they come, rather than all at the end.
        var isStreamed: Bool
        var maxBodySize: Int
        var addresses: AddressPolicy
        var configuration: HTTPClient.Configuration

        enum Upload {
            case chunked
            case sized(Int)
        }
    }

    /// What it waits for.
    enum Phase {
        case connection, firstByte, body
    }

    /// What became of a piece of a body.
    enum Taking {
        case taken, later, refused
    }

    let easy: OpaquePointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var fieldList: OpaquePointer?
    private var sentBody: UnsafeMutableRawPointer?
    // What the handle was told for good, so that it is not told again.
    private var toldCAFile: String?
    private var toldConnectTimeout = -1
    private var toldIdleTime = -1
    private var toldAge = -1

    private var plan: Plan?
    private(set) var phase = Phase.connection
    /// When ``phase`` began.
    private(set) var phaseBegan = MonotonicInstant(nanoseconds: 0)
    /// libcurl's result, when it has ended.
    private(set) var result: CInt?

    private(set) var status = 0
    private var lines: [UInt8] = []
    private var headSize = 0
    private(set) var isHeadComplete = false
    private var isCompressed = false
    private var body: [UInt8] = []
    private var bodySize = 0
    private var isPaused = false
    private var sends = 0
    private var exceeded: HTTPClientError.Part?
    /// What is wrong with the head, although libcurl takes it.
    private var complaint: String?
    private var refusedAddress: IPAddress?

    private var pending: ArraySlice<UInt8> = []
    private var uploadHasEnded = false
    /// How many bytes of a body of a stated size are still to come.
    private var uploadLeft: Int?
    /// Whether it needs another piece of the body that is sent.
    private(set) var wantsUpload = false

    /// How much of a streamed body is kept until somebody takes it.
    private static let streamBuffer = 64 << 10
    /// CURL_ERROR_SIZE.
    private static let errorSize = 256

    /// - Throws: When memory is out.
    init(for host: String) throws(HTTPClientError) {
        guard let handle = unsafe ccurl_easy_init() else { throw Self.outOfMemory(host) }
        unsafe easy = handle
        unsafe errorText = .allocate(capacity: Self.errorSize)
        unsafe errorText.initialize(repeating: 0, count: Self.errorSize)
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        // What is offered is what is taken apart here; no more than that comes compressed.
        guard unsafe ccurl_easy_own(easy, context, errorText),
            unsafe ccurl_set_string(easy, CCURL_ACCEPT_ENCODING, "gzip")
        else { throw Self.outOfMemory(host) }
    }

    deinit {
        unsafe ccurl_easy_cleanup(easy)
        release()
        unsafe errorText.deallocate()
    }

    private func release() {
        if let list = unsafe fieldList { unsafe ccurl_list_free(list) }
        unsafe fieldList = nil
        if let bytes = unsafe sentBody { unsafe bytes.deallocate() }
        unsafe sentBody = nil
    }

    private static func outOfMemory(_ host: String) -> HTTPClientError {
        HTTPClientError(.cannotConnect("out of memory"), host: host)
    }

    // MARK: - Before

    /// Whether it can be told to trust the authorities of that file: what it was told it cannot forget.
    func canTrust(_ file: String?) -> Bool { toldCAFile == nil || toldCAFile == file }

    /// Tells the handle what to do.
    func prepare(_ plan: Plan) throws(HTTPClientError) {
        release()
        self.plan = plan
        phase = .connection
        phaseBegan = .now
        result = nil
        resetHead()
        headSize = 0
        body = []
        bodySize = 0
        isPaused = false
        sends = 0
        exceeded = nil
        complaint = nil
        refusedAddress = nil
        pending = []
        uploadHasEnded = false
        if case .sized(let count)? = plan.upload { uploadLeft = count } else { uploadLeft = nil }
        wantsUpload = false
        unsafe errorText[0] = 0
        guard tell(plan) else { throw Self.outOfMemory(plan.target.origin) }
    }

    private func tell(_ plan: Plan) -> Bool {
        let configuration = plan.configuration
        guard unsafe ccurl_set_string(easy, CCURL_URL, plan.target.url), tellMethod(plan) else { return false }
        for field in plan.fields {
            guard let list = unsafe ccurl_list_append(fieldList, field) else { return false }
            unsafe fieldList = list
        }
        guard unsafe ccurl_set_list(easy, CCURL_HTTPHEADER, fieldList) else { return false }
        if configuration.caFile != toldCAFile {
            guard let file = configuration.caFile, unsafe ccurl_set_string(easy, CCURL_CAINFO, file) else {
                return false
            }
            toldCAFile = file
        }
        func tell(_ option: ccurl_option, _ value: Int, _ told: inout Int) {
            guard told != value else { return }
            told = value
            _ = unsafe ccurl_set_long(easy, option, value)
        }
        // Ours ends the attempt; libcurl's divides it among the addresses of a host.
        tell(CCURL_CONNECTTIMEOUT_MS, max(1, Int(plan.connectTimeout.milliseconds)), &toldConnectTimeout)
        tell(CCURL_MAXAGE_CONN, max(1, Int(configuration.maxIdleTime.components.seconds)), &toldIdleTime)
        tell(CCURL_MAXLIFETIME_CONN, max(1, Int(configuration.maxConnectionAge.components.seconds)), &toldAge)
        return true
    }

    private func tellMethod(_ plan: Plan) -> Bool {
        if let upload = plan.upload {
            var size: Int64 = -1
            if case .sized(let count) = upload { size = Int64(count) }
            return unsafe ccurl_set_long(easy, CCURL_UPLOAD, 1)
                && ccurl_set_string(easy, CCURL_CUSTOMREQUEST, plan.method.rawValue)
                && ccurl_set_offset(easy, CCURL_INFILESIZE_LARGE, size)
        }
        let needsBody = plan.body != nil || [.post, .put, .patch].contains(plan.method)
        guard needsBody else {
            if plan.method == .head {
                return unsafe ccurl_set_string(easy, CCURL_CUSTOMREQUEST, nil) && ccurl_set_long(easy, CCURL_NOBODY, 1)
            }
            return unsafe ccurl_set_long(easy, CCURL_HTTPGET, 1)
                && ccurl_set_string(easy, CCURL_CUSTOMREQUEST, plan.method == .get ? nil : plan.method.rawValue)
        }
        let bytes = plan.body ?? []
        let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe copy.copyMemory(from: start, byteCount: source.count) }
        }
        unsafe sentBody = copy
        return unsafe ccurl_set_long(easy, CCURL_POST, 1)
            && ccurl_set_string(easy, CCURL_CUSTOMREQUEST, plan.method == .post ? nil : plan.method.rawValue)
            && ccurl_set_offset(easy, CCURL_POSTFIELDSIZE_LARGE, Int64(bytes.count))
            && ccurl_set_bytes(easy, CCURL_POSTFIELDS, copy)
    }

    // MARK: - Meanwhile, asked by libcurl

    private func enter(_ phase: Phase) {
        self.phase = phase
        phaseBegan = .now
    }

    /// A connection is there.
    func willSend() -> Bool {
        sends += 1
        enter(.firstByte)
        return sends == 1 || plan?.isRepeatable == true
    }

    func mayConnect(to address: SocketAddress) -> Bool {
        guard case .ip(let ip, _)? = address.content else { return false }
        if plan?.addresses.allows(ip) == true { return true }
        refusedAddress = ip
        return false
    }

    private func resetHead() {
        status = 0
        lines.removeAll(keepingCapacity: true)
        isHeadComplete = false
        isCompressed = false
    }

    /// A line of the head, or of the trailers behind the body, with its line break.
    func take(head line: UnsafeRawBufferPointer) -> Bool {
        if phase != .body { enter(.body) }
        headSize += line.count
        guard let plan, headSize <= plan.configuration.maxHeadSize else {
            exceeded = .head
            return false
        }
        // What follows a complete head are trailers, whatever they look like.
        if isHeadComplete { return true }
        if unsafe line.starts(with: "HTTP/".utf8) {
            // The next: the former was an interim one (RFC 9110 section 15.2).
            resetHead()
            guard let code = unsafe Self.statusCode(of: line) else {
                complaint = "its status is no number of three digits"
                return false
            }
            status = code
            return true
        }
        if unsafe line.count <= 2 && line.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) {
            if status >= 200 { return completeHead(plan) }
            // Nobody asked for another protocol (RFC 9110 section 15.2.2).
            if status == 101 { complaint = "it switches protocols" }
            return complaint == nil
        }
        unsafe lines.append(contentsOf: line)
        return true
    }

    /// The code in a status line: three digits behind the first space, and nothing that continues them (RFC 9112 section 4).
    /// libcurl takes others as well. `nil` when there is none from 100.
    private static func statusCode(of line: UnsafeRawBufferPointer) -> Int? {
        let behind = unsafe line.drop { $0 != 0x20 }.dropFirst()
        let digits = unsafe behind.prefix(3)
        let end = unsafe behind.dropFirst(3).first ?? 0x0A
        guard unsafe digits.count == 3,
            unsafe digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            [0x20, 0x0D, 0x0A].contains(end)
        else { return nil }
        let code = unsafe digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return code >= 100 ? code : nil
    }

    private func completeHead(_ plan: Plan) -> Bool {
        isHeadComplete = true
        let head = ResponseHeadLines(lines)
        isCompressed = head.has("content-encoding")
        guard let length = head.value("content-length") else { return true }
        guard length.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), !length.isEmpty,
            head.isUnambiguous("content-length")
        else {
            complaint = "its Content-Length is no number, or two"
            return false
        }
        guard !plan.isStreamed, plan.method != .head, status != 204, status != 304 else { return true }
        // One that is no `Int` is larger than any limit.
        let size = Int(length) ?? .max
        // It says by itself that it is too large; and one that is not is gathered without moving.
        if size > plan.maxBodySize {
            exceeded = .body
            return false
        }
        if !isCompressed { body.reserveCapacity(size) }
        return true
    }

    func take(body piece: UnsafeRawBufferPointer) -> Taking {
        guard let plan else { return .refused }
        if plan.isStreamed, !body.isEmpty, body.count + piece.count > Self.streamBuffer {
            isPaused = true
            return .later
        }
        bodySize += piece.count
        guard bodySize <= plan.maxBodySize else {
            exceeded = .body
            return .refused
        }
        unsafe body.append(contentsOf: piece)
        return .taken
    }

    /// - Returns: How many bytes were given, 0 at the end; `nil` when there are none yet.
    func give(_ room: UnsafeMutableRawBufferPointer) -> Int? {
        if pending.isEmpty {
            if uploadHasEnded { return 0 }
            wantsUpload = true
            return nil
        }
        let count = min(room.count, pending.count)
        unsafe room.copyBytes(from: pending.prefix(count))
        pending.removeFirst(count)
        return count
    }

    // MARK: - Meanwhile, asked by who waits

    /// The next piece of the body that is sent; `nil` when it is complete.
    /// - Throws: When the body has another size than was stated: the other side would take what is too much for another request,
    ///   and wait for what is missing.
    func upload(_ piece: [UInt8]?) throws(HTTPClientError) {
        if let left = uploadLeft {
            let count = piece?.count ?? 0
            guard piece == nil ? left == 0 : count <= left else {
                let why = "its body has \(piece == nil ? "fewer" : "more") bytes than its size says"
                throw HTTPClientError(.refusedRequest(why), host: plan?.target.origin ?? "", attempts: 1)
            }
            uploadLeft = left - count
        }
        if let piece { pending = piece[...] } else { uploadHasEnded = true }
        guard wantsUpload, !pending.isEmpty || uploadHasEnded else { return }
        wantsUpload = false
        unsafe ccurl_continue(easy)
    }

    /// Whether the head is there, or never will be.
    var hasHead: Bool { isHeadComplete || result != nil }

    /// Whether something has come of a streamed body, or nothing more will.
    var hasStreamed: Bool { !body.isEmpty || result != nil }

    /// Takes what has come of a streamed body.
    func takeStreamed() -> [UInt8] {
        guard !body.isEmpty else { return [] }
        let piece = body
        body = []
        return piece
    }

    /// Lets a streamed body go on that stopped because nobody took it.
    func resume() {
        guard isPaused else { return }
        isPaused = false
        unsafe ccurl_continue(easy)
    }

    // MARK: - After

    /// libcurl is done with it.
    func end(_ result: CInt) { self.result = result }

    /// Lets go of what only this request needed.
    func clear() {
        release()
        body = []
        pending = []
        plan = nil
    }

    /// Gives away what was gathered of the body.
    func takeBody() -> [UInt8] { takeStreamed() }

    var head: HTTPClient.ResponseHead {
        HTTPClient.ResponseHead(
            status: HTTPResponse.Status(code: status),
            origin: plan?.target.origin ?? "",
            lines: lines,
            isDecoded: isCompressed
        )
    }

    /// Where a redirect leads, absolute (RFC 9110 section 10.2.2).
    var location: String? {
        guard let url = unsafe ccurl_redirect_url(easy) else { return nil }
        return unsafe String(cString: url)
    }

    /// Why there is no answer; `nil` when there is one.
    var failure: HTTPClientError.Reason? {
        guard let result, let plan else { return .reset("it was given up") }
        if let exceeded {
            return .tooLarge(exceeded, limit: exceeded == .head ? plan.configuration.maxHeadSize : plan.maxBodySize)
        }
        if let complaint { return .malformed(complaint) }
        guard result != CInt(CCURLE_OK) else {
            if isHeadComplete, (200...999).contains(status) { return nil }
            return status == 0 ? .malformed("it has no status") : .reset("it was closed within the head")
        }
        return reason(result, plan)
    }

    private func reason(_ result: CInt, _ plan: Plan) -> HTTPClientError.Reason {
        let words = unsafe Self.withoutCredentials(String(cString: errorText))
        func said(_ otherwise: String) -> String { words.isEmpty ? otherwise : words }
        switch Int(result) {
        case CCURLE_COULDNT_CONNECT, CCURLE_COULDNT_RESOLVE_HOST, CCURLE_COULDNT_RESOLVE_PROXY, CCURLE_PROXY:
            if let refusedAddress { return .refusedAddress(refusedAddress) }
            return .cannotConnect(said("libcurl's error \(result)"))
        case CCURLE_OPERATION_TIMEDOUT:
            return .timedOut(.connection, after: plan.connectTimeout)
        case CCURLE_SSL_CONNECT_ERROR, CCURLE_SSL_ENGINE_NOTFOUND, CCURLE_SSL_ENGINE_SETFAILED, CCURLE_SSL_CERTPROBLEM,
            CCURLE_SSL_CIPHER, CCURLE_PEER_FAILED_VERIFICATION, CCURLE_SSL_CACERT_BADFILE, CCURLE_SSL_CRL_BADFILE,
            CCURLE_SSL_ISSUER_ERROR, CCURLE_SSL_INVALIDCERTSTATUS, CCURLE_SSL_CLIENTCERT:
            return .tls(said("libcurl's error \(result)"))
        case CCURLE_RECV_ERROR where words.contains("chunk"):
            return .malformed(words)
        case CCURLE_TOO_LARGE where !isHeadComplete, CCURLE_OUT_OF_MEMORY where phase == .body && !isHeadComplete:
            // A line that is longer than libcurl takes.
            return .tooLarge(.head, limit: plan.configuration.maxHeadSize)
        case CCURLE_GOT_NOTHING, CCURLE_SEND_ERROR, CCURLE_RECV_ERROR, CCURLE_PARTIAL_FILE, CCURLE_SEND_FAIL_REWIND:
            return .reset(said("libcurl's error \(result)"))
        case CCURLE_ABORTED_BY_CALLBACK where sends > 1:
            return .reset("the kept connection was closed, and the request may not be sent twice")
        case CCURLE_HTTP2 where !isHeadComplete, CCURLE_HTTP2_STREAM where !isHeadComplete:
            return .reset(said("libcurl's error \(result)"))
        case CCURLE_URL_MALFORMAT:
            return .refusedRequest(said("libcurl does not understand its URL"))
        case CCURLE_OUT_OF_MEMORY:
            return .cannotConnect("out of memory")
        default:
            return .malformed(said("libcurl's error \(result)"))
        }
    }
}

extension Transfer {
    /// libcurl's words without the user and the password of any URL in them: some of a proxy quote all of its URL. What is
    /// behind the last `@` is left, for a password may have any character in it. Empty when nothing can be left.
    static func withoutCredentials(_ words: String) -> String {
        if words.hasPrefix("Unsupported proxy") {
            return "libcurl does not understand the URL of the proxy, or its scheme; see http_proxy and https_proxy"
        }
        // They were cut off, perhaps in front of the `@`.
        if words.utf8.count >= errorSize - 1 { return "" }
        guard let at = words.lastIndex(of: "@") else { return words }
        return "…" + words[at...]
    }
}

/// The lines of a head, searched without a value for each.
struct ResponseHeadLines {
    private let lines: [UInt8]

    init(_ lines: [UInt8]) { self.lines = lines }

    func has(_ name: StaticString) -> Bool { value(name) != nil }

    /// Whether all fields of a name have the same value.
    func isUnambiguous(_ name: StaticString) -> Bool {
        var start = 0
        let first = value(name, from: &start)
        while let next = value(name, from: &start) {
            if next != first { return false }
        }
        return true
    }

    /// The first of a name, given in lower case.
    func value(_ name: StaticString) -> Substring? {
        var start = 0
        return value(name, from: &start)
    }

    private func value(_ name: StaticString, from start: inout Int) -> Substring? {
        let length = name.utf8CodeUnitCount
        while start < lines.count {
            let end = lines[start...].firstIndex(of: 0x0A) ?? lines.count
            defer { start = end + 1 }
            guard end - start > length, lines[start + length] == UInt8(ascii: ":") else { continue }
            let isSame = (0..<length).allSatisfy { unsafe lines[start + $0] | 0x20 == name.utf8Start[$0] }
            guard isSame else { continue }
            var value = lines[(start + length + 1)..<end]
            func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
            while let last = value.last, isSpace(last) { value.removeLast() }
            return Substring(decoding: value.drop(while: isSpace), as: UTF8.self)
        }
        return nil
    }
}
