/// Reads the extensions of a chunk byte by byte, and forgets them:
/// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )` (RFC 9112 section 7.1.1). Two servers that disagree on
/// where an extension ends disagree on where the data begins, so what the grammar does not have is refused.
struct ChunkExtensions {
    private enum State {
        /// Before a semicolon, which alone may follow: what came last is whole, and blanks have come behind it.
        case blanks
        case beforeName
        case name
        case behindName
        case beforeValue
        case token
        case quoted
        case escaped
        case behindQuoted
    }

    private var state = State.blanks

    /// Takes in one byte of what stands between a chunk's size and its line feed.
    /// - Returns: Whether it was the carriage return; then the extensions of another chunk may come.
    mutating func accept(_ byte: UInt8) throws(RequestError) -> Bool {
        let isToken = ByteSet.token.contains(byte)
        let isBlank = byte == ASCII.space || byte == ASCII.tab
        switch state {
        case .name where isToken, .token where isToken, .beforeName where isBlank, .beforeValue where isBlank:
            break
        case .beforeName:
            guard isToken else { throw .malformed("A chunk extension does not begin with a name.") }
            state = .name
        case .beforeValue:
            guard isToken || byte == UInt8(ascii: "\"") else {
                throw .malformed("A chunk extension's value is neither a token nor a quoted string.")
            }
            state = isToken ? .token : .quoted
        case .quoted where byte == UInt8(ascii: "\""):
            state = .behindQuoted
        case .quoted, .escaped:
            guard ASCII.isFieldContent(byte) else {
                throw .malformed("A quoted chunk extension holds a control character.")
            }
            state = state == .quoted && byte == UInt8(ascii: "\\") ? .escaped : .quoted
        case .blanks, .name, .behindName, .token, .behindQuoted:
            return try endElement(with: byte)
        }
        return false
    }

    /// What is no more of a name or value.
    private mutating func endElement(with byte: UInt8) throws(RequestError) -> Bool {
        let isName = state == .name || state == .behindName
        switch byte {
        case UInt8(ascii: ";"):
            state = .beforeName
        case UInt8(ascii: "=") where isName:
            state = .beforeValue
        case ASCII.space, ASCII.tab:
            state = isName ? .behindName : .blanks
        case ASCII.carriageReturn where state != .blanks && state != .behindName:
            state = .blanks
            return true
        default:
            throw .malformed("A chunk extension is not name=value with a semicolon before it.")
        }
        return false
    }
}
