/// Makes requests of the bytes of a turn.
struct RequestSource {
    private let dispatcher: Dispatcher
    private let limits: HeadParser.Limits
    var records: RecordPool
    var memory: InputMemory

    init(_ dispatcher: Dispatcher, _ configuration: ServerConfiguration) {
        self.dispatcher = dispatcher
        limits = HeadParser.Limits(configuration)
        records = RecordPool(
            ServerContext(routes: dispatcher.routes, trustedProxies: configuration.trustedProxies)
        )
        memory = InputMemory(limit: configuration.maxBodyMemory)
    }

    /// Reads the next request of a turn, or what there is of it. One that must not be read becomes a refusal.
    /// - Returns: Whether the turn has a request to be answered.
    mutating func read(_ turn: Turn, now: Int64) -> Bool {
        guard let begun = turn.begun else {
            let record = records.take(for: turn)
            var reader = RequestReader(for: record)
            guard read(record, of: turn, with: &reader, now: now) else {
                turn.begun = BegunRequest(record, reader)
                return false
            }
            turn.request = record
            return true
        }
        guard read(begun.record, of: turn, with: &begun.reader, now: now) else { return false }
        turn.request = begun.record
        turn.begun = nil
        return true
    }

    /// - Returns: Whether the request is to be answered.
    private func read(
        _ record: RequestRecord,
        of turn: Turn,
        with reader: inout RequestReader,
        now: Int64
    ) -> Bool {
        var end = turn.unread.upperBound
        do throws(RequestError) {
            guard let next = try read(record, of: turn, with: &reader, until: &end, now: now) else {
                turn.unread = turn.unread.lowerBound..<end
                return false
            }
            turn.unread = next..<end
            record.isUnderstood = true
        } catch {
            noteRefusal(of: record, in: turn, error)
        }
        start(record, now: now)
        return true
    }

    /// Refuses the request that a turn has begun, which has not arrived whole.
    mutating func refuseBegun(of turn: Turn, _ error: RequestError, now: Int64) {
        guard let request = turn.begun else { return }
        turn.begun = nil
        if !request.reader.isInBody {
            request.reader.readRefusedHead(of: request.record, until: turn.unread.upperBound, limits: limits)
        }
        refuse(request.record, of: turn, error, now: now)
    }

    /// Refuses a connection, before it was asked for anything.
    mutating func refuse(_ turn: Turn, _ error: RequestError, now: Int64) {
        let record = records.take(for: turn)
        refuse(record, of: turn, error, now: now)
    }

    private func refuse(_ record: RequestRecord, of turn: Turn, _ error: RequestError, now: Int64) {
        noteRefusal(of: record, in: turn, error)
        start(record, now: now)
        turn.request = record
    }

    private func noteRefusal(of record: RequestRecord, in turn: Turn, _ error: RequestError) {
        record.refusal = error
        record.bytesIn = turn.unread.count
        turn.ending = .linger
        turn.skipUnread()
    }

    /// From here on the answer is waited for.
    @inline(__always)
    private func start(_ record: RequestRecord, now: Int64) {
        record.startedAt = now
        record.deadline = now + dispatcher.routes.timeout(of: record.routeIndex)
    }

    /// Reads the head, decides, reads the body.
    /// - Returns: Where the request ends, when all of it is there.
    private func read(
        _ record: RequestRecord,
        of turn: Turn,
        with reader: inout RequestReader,
        until end: inout Int,
        now: Int64
    ) throws(RequestError) -> Int? {
        if !reader.isInBody {
            guard try reader.readHead(of: record, until: end, limits: limits) else { return nil }
            dispatcher.route(record)
            if record.head.hasBody {
                guard try admitBody(of: record, in: turn, with: &reader, hasArrived: end, now: now) else { return end }
            }
        }
        return try reader.readBody(of: record, until: &end, limits: limits)
    }

    /// Decides whether a body is read that has not arrived: by route, credentials, size, and the memory that is left. Asks for
    /// it if the client waits for that.
    /// - Returns: Whether the body is to be read. If not, the request is answered now, and the connection closed: whether
    ///   the body still comes is the client's choice (RFC 9110 section 10.1.1).
    private func admitBody(
        of record: RequestRecord,
        in turn: Turn,
        with reader: inout RequestReader,
        hasArrived end: Int,
        now: Int64
    ) throws(RequestError) -> Bool {
        let limit = dispatcher.routes.maxBodySize(of: record.routeIndex)
        reader.maxBodySize = limit
        let length = record.head.contentLength
        let size = reader.expectedSize + max(0, length)
        // The refusal of a body of known size that is here already can wait its turn, and leaves the connection open.
        if !record.head.isChunked, length <= limit, end - record.origin >= size { return true }
        record.deadline = now + dispatcher.routes.timeout(of: record.routeIndex)
        guard dispatcher.admits(record) else {
            record.bytesIn = reader.expectedSize
            turn.ending = .linger
            return false
        }
        guard length <= limit else { throw .contentTooLarge }
        guard memory.hasRoom(for: size, as: .body, inPlaceOf: turn.pending) else { throw .noMemoryLeft }
        if record.head.expectsContinue, record.origin + reader.expectedSize == end {
            turn.output.append("HTTP/1.1 100 Continue\r\n\r\n")
        }
        return true
    }
}
