/// Bytes that have been received and not answered, in memory of the connection's own: the beginning of a request, or
/// whole ones that wait for their turn.
final class PendingInput {
    var block: InputBlock
    /// Where in `block` they are.
    var bytes: Range<Int>
    /// The request that they begin, when it has been looked at. `nil` while the connection has its turn.
    var request: BegunRequest?
    /// Bytes of a body received since the rate was last judged.
    var progress = 0
    /// When they arrived at another server, which passed them on.
    var arrivedAt: Int64?
    /// How often they have been passed on.
    var passes: UInt8 = 0
    /// As what `block` is accounted for.
    var accounted = RequestPart.head

    init(_ block: InputBlock, _ bytes: Range<Int>) {
        self.block = block
        self.bytes = bytes
    }
}

/// A request of which something has arrived and not all.
final class BegunRequest {
    let record: RequestRecord
    var reader: RequestReader

    init(_ record: RequestRecord, _ reader: RequestReader) {
        self.record = record
        self.reader = reader
    }

    /// What of it has not arrived whole.
    var part: RequestPart { reader.isInBody ? .body : .head }
}

/// A part of a request.
enum RequestPart {
    case head
    case body
}
