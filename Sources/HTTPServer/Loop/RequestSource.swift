/// Makes requests of the bytes of a turn.
struct RequestSource {
    private let dispatcher: Dispatcher
    private let limits: HeadParser.Limits
    private let bodyTimeout: Duration
    private let minimumRate: Int
    var records: RecordPool
    var memory: InputMemory
    /// Whether the server has more requests than it can answer, so that no body is read for another.
    var isOverloaded = false

    /// What became of reading.
    enum Reading {
        /// More bytes are needed.
        case incomplete
        /// The turn has a request to be answered.
        case request
        /// The turn has begun a request, and somebody has to say whether its body may be read.
        case admission
    }

    init(_ dispatcher: Dispatcher, _ configuration: ServerConfiguration) {
        self.dispatcher = dispatcher
        limits = HeadParser.Limits(configuration)
        bodyTimeout = configuration.bodyTimeout
        minimumRate = configuration.minimumRate
        records = RecordPool(
            ServerContext(
                routes: dispatcher.routes,
                trustedProxies: configuration.trustedProxies,
                proxyHeaders: configuration.proxyHeaders,
                commonFields: CommonFields(configuration.commonFields)
            )
        )
        memory = InputMemory(limit: configuration.maxBodyMemory)
    }

    /// Reads the next request of a turn, or what there is of it. One that must not be read becomes a refusal.
    mutating func read(_ turn: Turn, now: Int64) -> Reading {
        guard let begun = turn.begun else {
            let record = records.take(for: turn)
            var reader = RequestReader(for: record)
            let reading = read(record, of: turn, with: &reader, now: now)
            if reading == .request {
                turn.request = record
            } else {
                turn.begun = BegunRequest(record, reader)
            }
            return reading
        }
        let reading = read(begun.record, of: turn, with: &begun.reader, now: now)
        if reading == .request {
            turn.request = begun.record
            turn.begun = nil
        }
        return reading
    }

    private func read(
        _ record: RequestRecord,
        of turn: Turn,
        with reader: inout RequestReader,
        now: Int64
    ) -> Reading {
        var end = turn.unread.upperBound
        do throws(RequestError) {
            if !reader.isInBody {
                guard try reader.readHead(of: record, until: end, limits: limits) else { return .incomplete }
                dispatcher.route(record)
                if record.head.hasBody {
                    reader.maxBodySize = dispatcher.routes.maxBodySize(of: record.routeIndex)
                    if dispatcher.routes.streamsBody(record.routeIndex)
                        || needsAdmission(record, with: reader, hasArrived: end)
                    {
                        start(record, now: now)
                        if dispatcher.routes.hasAdmission(record.routeIndex) { return .admission }
                        guard dispatcher.admits(record) else {
                            answerWithoutBody(record, of: turn, reader, now: now)
                            return .request
                        }
                        try admitBody(of: record, in: turn, with: reader)
                        if dispatcher.routes.streamsBody(record.routeIndex) {
                            stream(record, of: turn, reader, now: now)
                            return .request
                        }
                    }
                }
            }
            guard let next = try reader.readBody(of: record, until: &end, limits: limits) else {
                turn.unread = turn.unread.lowerBound..<end
                return .incomplete
            }
            turn.unread = next..<end
            record.isUnderstood = true
        } catch {
            noteRefusal(of: record, in: turn, error)
        }
        start(record, now: now)
        return .request
    }

    /// Goes on with a request whose head has been judged.
    mutating func readAdmitted(_ turn: Turn, now: Int64) -> Reading {
        guard let begun = turn.begun else { preconditionFailure("the turn has begun no request") }
        let record = begun.record
        guard dispatcher.admits(record) else {
            turn.begun = nil
            turn.request = record
            answerWithoutBody(record, of: turn, begun.reader, now: now)
            return .request
        }
        do throws(RequestError) {
            try admitBody(of: record, in: turn, with: begun.reader)
        } catch {
            turn.begun = nil
            refuse(record, of: turn, error, now: now)
            return .request
        }
        if dispatcher.routes.streamsBody(record.routeIndex) {
            turn.begun = nil
            turn.request = record
            stream(record, of: turn, begun.reader, now: now)
            return .request
        }
        return read(turn, now: now)
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

    /// Refuses a request that has arrived whole and waited too long. The connection may go on.
    func refuseWaiting(_ turn: Turn) { turn.record.refusal = .overloaded }

    private func noteRefusal(of record: RequestRecord, in turn: Turn, _ error: RequestError) {
        record.refusal = error
        record.bytesIn = turn.unread.count
        turn.ending = .linger
        turn.skipUnread()
    }

    /// The request was not admitted: it is answered now, and the connection closed, because whether the body still comes is
    /// the client's choice (RFC 9110 section 10.1.1).
    private func answerWithoutBody(_ record: RequestRecord, of turn: Turn, _ reader: RequestReader, now: Int64) {
        record.bytesIn = reader.expectedSize
        record.isUnderstood = true
        turn.ending = .linger
        turn.skipUnread()
        start(record, now: now)
    }

    /// The handler reads the body itself.
    private func stream(_ record: RequestRecord, of turn: Turn, _ reader: RequestReader, now: Int64) {
        // Nothing has been read of it but the head, whose size this is then.
        let headSize = reader.expectedSize
        let start = record.origin + headSize
        let beginning = record.input.withSpan(start..<turn.unread.upperBound) { [UInt8](copying: $0) }
        record.bodyReader = BodyReader(
            record.head,
            beginning: beginning,
            from: BodyReader.Source(
                socket: BlockingSocket(turn.connection.socket, timeout: bodyTimeout, rate: minimumRate),
                maxBodySize: reader.maxBodySize,
                limits: limits,
                isAwaited: record.head.expectsContinue && beginning.isEmpty && turn.output.size == 0
            )
        )
        record.body = ByteRange(headSize..<headSize)
        record.bytesIn = headSize
        record.isUnderstood = true
        turn.unread = turn.unread.upperBound..<turn.unread.upperBound
        self.start(record, now: now)
    }

    /// From here on the answer is waited for.
    @inline(__always)
    private func start(_ record: RequestRecord, now: Int64) {
        record.startedAt = now
        record.deadline = now + dispatcher.routes.timeout(of: record.routeIndex)
    }

    /// Whether it has to be decided if the body is read. The refusal of a body of known size that is here already can wait its
    /// turn, and leaves the connection open.
    private func needsAdmission(
        _ record: RequestRecord,
        with reader: RequestReader,
        hasArrived end: Int
    ) -> Bool {
        let length = record.head.contentLength
        return record.head.isChunked || length > reader.maxBodySize
            || end - record.origin < reader.expectedSize + max(0, length)
    }

    /// Decides whether a body that has not arrived may come, by its size and the memory that is left. Asks for it if the client
    /// waits for that.
    private func admitBody(
        of record: RequestRecord,
        in turn: Turn,
        with reader: RequestReader
    ) throws(RequestError) {
        let length = record.head.contentLength
        guard length <= reader.maxBodySize else { throw .contentTooLarge }
        guard !isOverloaded else { throw .overloaded }
        let size = reader.expectedSize + max(0, length)
        if dispatcher.routes.streamsBody(record.routeIndex) { return }
        guard memory.hasRoom(for: size, as: .body, inPlaceOf: turn.pending) else { throw .noMemoryLeft }
        if record.head.expectsContinue, record.origin + reader.expectedSize == turn.unread.upperBound {
            turn.output.append("HTTP/1.1 100 Continue\r\n\r\n")
        }
    }
}
