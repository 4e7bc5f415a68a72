import HTTPTypes

@testable import HTTPServer

/// Feeds bytes to the reader as a connection would, without a socket, and says what it made of them.
struct Feed {
    enum Verdict: Equatable, CustomStringConvertible {
        case request(String)
        case refused(Int)
        /// Refused, and given a request id that stands behind the request's head.
        case refusedWithStrangeID(Int)
        case incomplete

        var description: String {
            switch self {
            case .request(let summary): "request \(summary)"
            case .refused(let status): "refused \(status)"
            case .refusedWithStrangeID(let status): "refused \(status) with the id of another request"
            case .incomplete: "incomplete"
            }
        }
    }

    var configuration = ServerConfiguration()
    var maxBodySize = 10_000

    init() {}

    /// What the bytes mean, cut into pieces of the given sizes (the last one takes the rest).
    func verdicts(_ bytes: [UInt8], pieces: [Int] = []) -> [Verdict] {
        let source = InputBlock(copying: bytes + [0])
        let block = InputBlock(capacity: bytes.count + 1)
        let context = ServerContext(routes: RouteTable(), trustedProxies: [])
        let limits = HeadParser.Limits(configuration)
        var verdicts: [Verdict] = []
        var record: RequestRecord?
        var reader = RequestReader()
        var start = 0
        var end = 0
        var fed = 0
        for piece in pieces + [.max] {
            let count = min(piece, bytes.count - fed)
            block.copy(fed..<fed + count, of: source, to: end)
            fed += count
            end += count
            while start < end {
                if record == nil {
                    record = RequestRecord(context: context, input: block)
                    record!.origin = start
                    reader = RequestReader()
                }
                do throws(RequestError) {
                    if !reader.isInBody {
                        guard try reader.readHead(of: record!, until: end, limits: limits) else { break }
                        reader.maxBodySize = maxBodySize
                    }
                    guard let next = try reader.readBody(of: record!, until: &end, limits: limits) else { break }
                    start = next
                    verdicts.append(.request(summary(of: record!)))
                    if !record!.head.keepsAlive { return verdicts }
                    record = nil
                } catch {
                    let isOwn = hasOwnID(record!, until: end)
                    return verdicts + [isOwn ? .refused(error.status) : .refusedWithStrangeID(error.status)]
                }
            }
        }
        return record == nil ? verdicts : verdicts + [.incomplete]
    }

    func verdicts(_ text: String, pieces: [Int] = []) -> [Verdict] {
        verdicts(Array(text.utf8), pieces: pieces)
    }

    /// The same, byte by byte.
    func verdictsBytewise(_ bytes: [UInt8]) -> [Verdict] {
        verdicts(bytes, pieces: Array(repeating: 1, count: bytes.count))
    }

    /// Whether the request's id, if it brought one, stands before the empty line that ends its head.
    private func hasOwnID(_ record: RequestRecord, until end: Int) -> Bool {
        record.input.withSpan(record.origin..<end) { bytes in
            var start = 0
            while let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, from: start) {
                let hasReturn = lineFeed > start && bytes[lineFeed - 1] == ASCII.carriageReturn
                // One empty line may come before the request line.
                if start > 0, start == (hasReturn ? lineFeed - 1 : lineFeed) { break }
                start = lineFeed + 1
            }
            return record.head.requestID.range.upperBound <= start
        }
    }

    private func summary(of record: RequestRecord) -> String {
        let request = Request(record: record)
        let fields = request.headerFields.map { "\($0.name.canonicalName)=\($0.value)" }.joined(separator: ";")
        let body = String(decoding: request.body, as: UTF8.self)
        return "\(request.method) \(request.target) \(request.path) [\(fields)] \(body.debugDescription)"
            + " in=\(record.bytesIn) \(record.head.keepsAlive ? "keep" : "close")"
    }
}
