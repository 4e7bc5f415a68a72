import Glibc

extension EventLoop {
    private enum Sending {
        case done
        case blocked
        case failed
    }

    /// Bytes of answers after which a turn's output is sent before the next request is read.
    private static let outputPerSend = 256 * 1024
    /// Records kept for use again: one turn's worth, whatever rush there was.
    private static let mostSpareRecords = 64
    /// From this much on, a connection keeps the block that its bytes came in.
    private static let leastAdoptedSize = 16 * 1024
    /// With less room than this in the shared block, what is there is answered first.
    private static let leastReceiveSize = 16 * 1024
    /// The least memory for a request that came in pieces.
    private static let leastInputSize = 1024

    /// Reads once, and does what can be done.
    /// - Returns: The number of bytes received.
    @discardableResult
    mutating func receive(_ connection: Connection) -> Int {
        guard !connection.isWaitingForTurn else { return 0 }
        let block: InputBlock
        if let own = connection.input {
            if connection.bytes.upperBound == own.capacity, !move(connection.bytes, in: own, of: connection) {
                refuseForMemory(connection, connection.bytes, in: own)
                return 0
            }
            block = connection.input!
        } else {
            block = sharedInput
        }
        let count = block.receive(from: connection.socket, at: connection.bytes.upperBound)
        if count > 0 {
            connection.progress += count
            process(connection, connection.bytes.lowerBound..<connection.bytes.upperBound + count, in: block)
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            close(connection)
        }
        return max(0, count)
    }

    /// Reads once what begins a request, and leaves it for ``processArrivals()``; goes on at once with what was begun.
    mutating func collect(_ connection: Connection) {
        guard connection.input == nil, connection.record == nil, !connection.isWaitingForTurn else {
            receive(connection)
            return
        }
        let start = arrivals.end
        let count = sharedInput.receive(from: connection.socket, at: start)
        if count > 0 {
            connection.progress += count
            arrivals.append(connection, start..<start + count, in: sharedInput)
            // So much may be the beginning of more, which then comes into the same block: nothing may follow it there.
            if count >= Self.leastAdoptedSize || sharedInput.capacity - arrivals.end < Self.leastReceiveSize {
                processArrivals()
            }
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            close(connection)
        }
    }

    /// Answers what has been collected.
    mutating func processArrivals() {
        guard !arrivals.isEmpty else { return }
        let isBatch = arrivals.count > 1
        if isBatch { observer?.batchBegan() }
        for index in 0..<arrivals.count {
            let (connection, bytes, block) = arrivals[index]
            if isOpen(connection) { process(connection, bytes, in: block) }
        }
        arrivals.removeAll()
        if isBatch { observer?.batchEnded() }
    }

    /// Answers every complete request in `bytes`, sends the answers, and keeps what is left.
    mutating func process(_ connection: Connection, _ bytes: Range<Int>, in block: InputBlock) {
        var start = bytes.lowerBound
        var end = bytes.upperBound
        var answered = 0
        var sending = Sending.done
        while start < end {
            let record: RequestRecord
            var reader: RequestReader
            if let begun = connection.record {
                record = begun
                reader = connection.reader
                connection.reader = RequestReader()
                connection.record = nil
            } else {
                record = takeRecord(for: connection, in: block, at: start)
                reader = RequestReader(for: record)
            }
            do throws(RequestError) {
                guard let next = try read(record, of: connection, with: &reader, until: &end) else {
                    connection.record = record
                    connection.reader = reader
                    break
                }
                start = next
                answer(record, of: connection, isLast: start >= end)
            } catch {
                refuse(record, of: connection, error.problem, received: end - start)
            }
            answered += 1
            if connection.isClosing {
                if start < end { connection.lingers = true }
                start = end
            }
            if answered == configuration.maxPipelined { break }
            if output.isSealed || output.size > Self.outputPerSend {
                sending = send(to: connection)
                if sending != .done { break }
            }
        }
        connection.answeredCount &+= answered
        if output.size > 0, sending == .done { sending = send(to: connection) }
        let escaped = report(in: block)
        guard sending != .failed else { return close(connection) }
        guard keep(start..<end, in: block, of: connection, escaped: escaped) else {
            return refuseForMemory(connection, start..<end, in: block)
        }
        settle(connection, hasAnswered: answered > 0)
    }

    /// Answers a request that did not arrive whole in its time.
    mutating func timeOut(_ connection: Connection) {
        guard let record = connection.record, let block = connection.input else { return close(connection) }
        connection.record = nil
        if !connection.reader.isInBody {
            connection.reader.readRefusedHead(of: record, until: connection.bytes.upperBound, limits: limits)
        }
        endWithRefusal(record, of: connection, in: block, .timeout, received: connection.bytes.count)
    }

    /// Answers a request of which these bytes are there and cannot be kept until the rest is.
    private mutating func refuseForMemory(_ connection: Connection, _ bytes: Range<Int>, in block: InputBlock) {
        let record = connection.record!
        connection.record = nil
        guard !connection.hasUnsentOutput else {
            // The client does not take what it asked for before. Then it gets that, and the end.
            connection.isClosing = true
            connection.lingers = true
            hold(nil, 0..<0, of: connection)
            return settle(connection, hasAnswered: false)
        }
        if !connection.reader.isInBody {
            connection.reader.readRefusedHead(of: record, until: bytes.upperBound, limits: limits)
        }
        endWithRefusal(record, of: connection, in: block, .noMemoryLeft, received: bytes.count)
    }

    private mutating func endWithRefusal(
        _ record: RequestRecord,
        of connection: Connection,
        in block: InputBlock,
        _ error: RequestError,
        received: Int
    ) {
        refuse(record, of: connection, error.problem, received: received)
        connection.answeredCount &+= 1
        let sending = send(to: connection)
        _ = report(in: block)
        guard sending != .failed else { return close(connection) }
        hold(nil, 0..<0, of: connection)
        settle(connection, hasAnswered: true)
    }

    /// Answers a connection that is not let in, before it was asked for anything.
    mutating func refuse(_ connection: Connection, _ problem: Problem) {
        let record = takeRecord(for: connection, in: sharedInput, at: 0)
        refuse(record, of: connection, problem, received: 0)
        _ = send(to: connection)
        _ = report(in: sharedInput)
    }

    /// Reads the head, decides, reads the body.
    /// - Returns: Where the request ends, when all of it is there.
    private mutating func read(
        _ record: RequestRecord,
        of connection: Connection,
        with reader: inout RequestReader,
        until end: inout Int
    ) throws(RequestError) -> Int? {
        if !reader.isInBody {
            guard try reader.readHead(of: record, until: end, limits: limits) else { return nil }
            dispatcher.route(record)
            if record.head.hasBody {
                guard try admitBody(of: record, connection, with: &reader, hasArrived: end) else { return end }
            }
        }
        return try reader.readBody(of: record, until: &end, limits: limits)
    }

    /// Decides whether a body is read that has not arrived: by route, credentials, size, and the memory that is left. Asks for
    /// it if the client waits for that.
    /// - Returns: Whether the body is to be read. If not, the request is answered now, and the connection closed: whether
    ///   the body still comes is the client's choice (RFC 9110 section 10.1.1).
    private mutating func admitBody(
        of record: RequestRecord,
        _ connection: Connection,
        with reader: inout RequestReader,
        hasArrived end: Int
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
            connection.isClosing = true
            connection.lingers = true
            return false
        }
        guard length <= limit else { throw .contentTooLarge }
        guard canHold(size, for: .body, of: connection) else { throw .noMemoryLeft }
        if record.head.expectsContinue, record.origin + reader.expectedSize == end {
            output.append("HTTP/1.1 100 Continue\r\n\r\n")
        }
        return true
    }

    private mutating func takeRecord(for connection: Connection, in block: InputBlock, at start: Int) -> RequestRecord {
        let record = spareRecords.popLast() ?? RequestRecord(context: context, input: block)
        if record.input !== block { record.input = block }
        record.origin = start
        record.peer = connection.peer
        record.madeID = ids.make()
        return record
    }

    /// Gives the observer what was answered, and takes back the records nobody kept.
    /// - Returns: Whether somebody kept one, so that the block must not be written to again.
    private mutating func report(in block: InputBlock) -> Bool {
        var escaped = false
        for index in finished.indices {
            observer?.requestEnded(Exchange(record: finished[index]))
            if isKnownUniquelyReferenced(&finished[index]) {
                finished[index].reset()
                // Or a spare record would keep the memory of a large body.
                if finished[index].input !== sharedInput { finished[index].input = sharedInput }
                if spareRecords.count < Self.mostSpareRecords { spareRecords.append(finished[index]) }
            } else {
                escaped = true
            }
        }
        finished.removeAll(keepingCapacity: true)
        if escaped, block === sharedInput { sharedInput = InputBlock(capacity: Self.sharedInputSize) }
        return escaped
    }

    /// Keeps the bytes that are not answered yet, in memory of the connection's own.
    /// - Returns: Whether there is memory for them.
    private mutating func keep(
        _ bytes: Range<Int>,
        in block: InputBlock,
        of connection: Connection,
        escaped: Bool
    ) -> Bool {
        if bytes.isEmpty {
            hold(nil, 0..<0, of: connection)
        } else if block === connection.input, !escaped, block.capacity >= roomNeeded(by: connection, from: bytes) {
            hold(block, bytes, of: connection)
        } else if bytes.count >= Self.leastAdoptedSize, block === sharedInput, !escaped,
            bytes.lowerBound + connection.reader.expectedSize <= block.capacity,
            canHold(block.capacity, for: connection.held, of: connection)
        {
            // A new shared block costs less than a copy.
            hold(block, bytes, of: connection)
            sharedInput = InputBlock(capacity: Self.sharedInputSize)
        } else {
            return move(bytes, in: block, of: connection)
        }
        return true
    }

    /// Up to where in its block a request's bytes will reach, as far as that is known: all of a body of known size.
    private func roomNeeded(by connection: Connection, from bytes: Range<Int>) -> Int {
        let isSized = connection.record?.head.isChunked == false && connection.reader.isInBody
        return isSized ? bytes.lowerBound + connection.reader.expectedSize : 0
    }

    /// Moves a request's bytes to a new block with room for the rest. Room that is not filled takes address space, not memory,
    /// but it is spoken for: other bodies that would not fit beside this one are refused before they are read.
    /// - Returns: Whether there is memory for it. There always is for whole requests that wait for their turn.
    private mutating func move(_ bytes: Range<Int>, in block: InputBlock, of connection: Connection) -> Bool {
        let known = roomNeeded(by: connection, from: 0..<bytes.count)
        let capacity = known > 0 ? known : max(bytes.count * 2, Self.leastInputSize)
        guard connection.record == nil || canHold(capacity, for: connection.held, of: connection) else { return false }
        let new = InputBlock(capacity: capacity)
        new.copy(bytes, of: block)
        hold(new, 0..<bytes.count, of: connection)
        connection.record?.input = new
        connection.record?.origin = 0
        return true
    }

    /// Whether a connection may have a block of so many bytes in place of the one it has. Heads have as much memory as bodies,
    /// but of their own: anybody may begin a head, and would else leave no room for what is admitted.
    private func canHold(_ capacity: Int, for part: Connection.Part, of connection: Connection) -> Bool {
        var others = bufferedSize[part]
        if let own = connection.input, connection.accounted == part { others -= own.capacity }
        return others == 0 || capacity <= configuration.maxBodyMemory - others
    }

    /// Gives a connection memory of its own for bytes that have not been answered, or takes it back.
    mutating func hold(_ block: InputBlock?, _ bytes: Range<Int>, of connection: Connection) {
        if let former = connection.input { bufferedSize[connection.accounted] -= former.capacity }
        connection.input = block
        connection.bytes = bytes
        guard let block else { return }
        connection.accounted = connection.held
        bufferedSize[connection.accounted] += block.capacity
    }

    // MARK: Sending

    private mutating func send(to connection: Connection) -> Sending {
        let sent = output.send(to: connection.socket)
        defer { output.removeAll(shrinkingTo: Self.usualOutputSize) }
        if sent == output.size { return .done }
        guard sent >= 0 || errno == EAGAIN || errno == EINTR else { return .failed }
        (connection.output, connection.outputSent) = output.remainder(after: max(0, sent))
        return .blocked
    }

    /// Sends on when the socket has room again.
    mutating func sendRest(_ connection: Connection) {
        let sent = connection.sendOutput()
        guard sent >= 0 || errno == EAGAIN || errno == EINTR else { return close(connection) }
        connection.progress += max(0, sent)
        guard !connection.hasUnsentOutput else { return }
        guard epoll.modify(connection.socket, .read) else { return close(connection) }
        deadlines.disarm(connection.socket)
        if !connection.isClosing, let input = connection.input {
            process(connection, connection.bytes, in: input)
        } else {
            settle(connection, hasAnswered: true)
        }
    }

    /// Decides what the connection waits for next.
    private mutating func settle(_ connection: Connection, hasAnswered: Bool) {
        let socket = connection.socket
        let wait = deadlines.wait(of: socket)
        if connection.hasUnsentOutput {
            // Not read while it does not take what it asked for.
            guard epoll.modify(socket, .write) else { return close(connection) }
            connection.progress = 0
            deadlines.arm(socket, .write, now: now)
        } else if connection.isClosing {
            connection.lingers ? linger(connection) : close(connection)
        } else if connection.record != nil {
            if connection.reader.isInBody {
                // Of a body that comes right behind another one, the time has only begun.
                guard hasAnswered || wait != .body else { return }
                connection.progress = 0
                deadlines.arm(socket, .body, now: now)
            } else if hasAnswered || wait != .head {
                deadlines.arm(socket, .head, now: now)
            }
        } else if !connection.bytes.isEmpty {
            deadlines.disarm(socket)
            connection.isWaitingForTurn = true
            turns.append(socket)
        } else {
            deadlines.arm(socket, drain == nil ? .idle : .grace, now: now)
        }
    }
}
