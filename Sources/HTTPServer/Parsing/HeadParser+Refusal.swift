extension HeadParser {
    /// What can be said of a request that is refused, or does not come: enough to find it in our log, and our answer in
    /// the client's.
    ///
    /// - The method, known or not, when the request line begins with a token and a space.
    /// - The target, when the line is of three parts and the target is visible ASCII; the path of it, when it is one.
    /// - The request id, when its line is in the head and has arrived, whatever is wrong with the lines before it.
    func refusedHead(_ bytes: Span<UInt8>, limits: Limits) -> RequestHead {
        var head = head
        if !isInFields {
            readMethod(bytes, into: &head)
            readTarget(bytes, into: &head)
        }
        if head.requestID.isEmpty { readRequestID(bytes, limits: limits, into: &head) }
        return head
    }

    private func readMethod(_ bytes: Span<UInt8>, into head: inout RequestHead) {
        guard let end = try? Self.endOfMethod(bytes, from: head.start), end > head.start, end < bytes.count,
            bytes[end] == ASCII.space
        else { return }
        head.methodName = ByteRange(head.start..<end)
        // HEAD gets no content, not even with a refusal.
        if let method = RequestMethod(bytes.extracting(head.start..<end)) { head.method = method }
    }

    private func readTarget(_ bytes: Span<UInt8>, into head: inout RequestHead) {
        let target = head.target.range
        for index in target where !(0x21...0x7E).contains(bytes[index]) {
            head.target = ByteRange()
            head.rawPath = ByteRange()
            return
        }
        guard !target.isEmpty, bytes[target.lowerBound] == UInt8(ascii: "/") else { return }
        var end = target.lowerBound
        while end < target.upperBound, bytes[end] != UInt8(ascii: "?"), bytes[end] != UInt8(ascii: "#") { end += 1 }
        head.rawPath = ByteRange(target.lowerBound..<end)
    }

    private func readRequestID(_ bytes: Span<UInt8>, limits: Limits, into head: inout RequestHead) {
        let most = min(bytes.count, head.start + limits.requestLine + limits.section)
        var start = lineStart
        while start < most, let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, from: start), lineFeed > start {
            let hasReturn = bytes[lineFeed - 1] == ASCII.carriageReturn
            let line = start..<(hasReturn ? lineFeed - 1 : lineFeed)
            // The end of the head: what follows is a body, or another request.
            if line.isEmpty { return }
            if let field = try? Self.parseField(bytes, line), field.known == .requestID,
                FieldSemantics.isRequestID(bytes.extracting(field.value.range))
            {
                head.requestID = field.value
                return
            }
            start = lineFeed + 1
        }
    }
}
