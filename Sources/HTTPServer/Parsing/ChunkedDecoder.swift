import Glibc

/// Decodes the chunked transfer coding (RFC 9112 section 7.1) in place, however the bytes are cut: chunk data moves to
/// the front, framing is checked byte by byte and forgotten, extensions and trailers are bounded and dropped.
struct ChunkedDecoder {
    private enum State {
        case size
        case extensions
        case sizeLineFeed
        case data
        case dataReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case lastLineFeed
    }

    /// Extensions of all chunks together: nobody sends any, and one byte in chunks of a kilobyte would be cheap to send.
    private static let maxExtensionSize = 4096
    /// 15 hexadecimal digits fit an `Int`.
    private static let maxSizeDigits = 15

    private var state = State.size
    private var digits = 0
    private var rest = 0
    private var extensions = ChunkExtensions()
    private var extensionSize = 0
    private var trailerSize = 0
    private var trailerCount = 0

    /// The decoded bytes, which stand at the front.
    private(set) var decoded = 0
    /// Decoded before and taken away.
    private var taken = 0
    /// The bytes taken in, framing included.
    private(set) var received = 0

    /// Decodes what is new.
    /// - Parameters:
    ///   - bytes: The decoded bytes so far, and new ones behind them.
    ///   - maxBodySize: Beyond it the body is refused as too large.
    ///   - limits: For the trailers.
    /// - Returns: The position behind the message's last byte when it is complete. When `nil`, all new bytes are taken
    ///   in, and the next ones belong at ``decoded``.
    mutating func decode(
        _ bytes: inout MutableSpan<UInt8>,
        maxBodySize: Int,
        limits: HeadParser.Limits
    ) throws(RequestError) -> Int? {
        var position = decoded
        let start = position
        defer { received += position - start }
        while position < bytes.count {
            if state == .data {
                let count = min(rest, bytes.count - position)
                bytes.move(count, from: position, to: decoded)
                position += count
                decoded += count
                rest -= count
                if rest == 0 { state = .dataReturn }
                continue
            }
            let byte = bytes[position]
            position += 1
            if try accept(byte, maxBodySize: maxBodySize, limits: limits) { return position }
        }
        return nil
    }

    /// The decoded bytes have been taken away: the next ones belong at the front.
    /// - Returns: How many they were.
    mutating func takeDecoded() -> Int {
        defer { decoded = 0 }
        taken += decoded
        return decoded
    }

    /// One byte of framing.
    /// - Returns: Whether it was the message's last one.
    private mutating func accept(
        _ byte: UInt8,
        maxBodySize: Int,
        limits: HeadParser.Limits
    ) throws(RequestError) -> Bool {
        switch state {
        case .size:
            if let digit = ASCII.hexValue(byte) {
                digits += 1
                guard digits <= Self.maxSizeDigits else { throw .malformed("A chunk's size has too many digits.") }
                rest = rest << 4 | Int(digit)
                guard rest <= maxBodySize - decoded - taken else { throw .contentTooLarge }
                break
            }
            guard digits > 0 else { throw .malformed("A chunk does not begin with its size.") }
            switch byte {
            case ASCII.carriageReturn: state = .sizeLineFeed
            case UInt8(ascii: ";"), ASCII.space, ASCII.tab:
                state = .extensions
                try acceptExtension(byte)
            default: throw .malformed("A chunk's size is not hexadecimal.")
            }
        case .extensions:
            try acceptExtension(byte)
        case .sizeLineFeed:
            try expectLineFeed(byte)
            digits = 0
            state = rest == 0 ? .trailerStart : .data
        case .data:
            break
        case .dataReturn:
            guard byte == ASCII.carriageReturn else { throw .malformed("A chunk is longer than its size.") }
            state = .dataLineFeed
        case .dataLineFeed:
            try expectLineFeed(byte)
            state = .size
        case .trailerStart:
            if byte == ASCII.carriageReturn {
                state = .lastLineFeed
                break
            }
            trailerCount += 1
            guard trailerCount <= limits.fieldCount else { throw .tooManyFields }
            try countTrailer(limits)
            guard ByteSet.token.contains(byte) else { throw .malformed("A trailer field does not begin with a name.") }
            state = .trailerName
        case .trailerName:
            try countTrailer(limits)
            if byte == UInt8(ascii: ":") {
                state = .trailerValue
            } else if !ByteSet.token.contains(byte) {
                throw .malformed("A trailer field's name is not followed by a colon.")
            }
        case .trailerValue:
            try countTrailer(limits)
            if byte == ASCII.carriageReturn {
                state = .trailerLineFeed
            } else if !ASCII.isFieldContent(byte) {
                throw .malformed("A trailer field holds a control character.")
            }
        case .trailerLineFeed:
            try expectLineFeed(byte)
            state = .trailerStart
        case .lastLineFeed:
            try expectLineFeed(byte)
            return true
        }
        return false
    }

    private func expectLineFeed(_ byte: UInt8) throws(RequestError) {
        guard byte == ASCII.lineFeed else { throw .malformed("A bare carriage return stands in the chunked body.") }
    }

    /// Apart, because chunks hardly ever have any.
    @inline(never)
    private mutating func acceptExtension(_ byte: UInt8) throws(RequestError) {
        extensionSize += 1
        guard extensionSize <= Self.maxExtensionSize else { throw .malformed("The chunk extensions are too long.") }
        if try extensions.accept(byte) { state = .sizeLineFeed }
    }

    private mutating func countTrailer(_ limits: HeadParser.Limits) throws(RequestError) {
        trailerSize += 1
        guard trailerSize <= limits.section else { throw .fieldTooLarge }
    }
}

extension MutableSpan<UInt8> {
    /// Moves bytes towards the front (memmove(3)).
    fileprivate mutating func move(_ count: Int, from source: Int, to target: Int) {
        precondition(count >= 0 && target >= 0 && target <= source && source + count <= self.count)
        guard count > 0, source != target else { return }
        unsafe withUnsafeMutableBytes { bytes in
            let base = bytes.baseAddress!
            _ = unsafe memmove(base + target, base + source, count)
        }
    }
}
