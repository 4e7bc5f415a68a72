/// What one proxy says in the field `Forwarded` (RFC 7239 section 4): `for="[2001:db8::1]:4711";proto=https;host=example.org`.
struct ForwardedElement: Hashable {
    /// Who asked it; `nil` when it says nothing of that, or no address (sections 6.2 and 6.3).
    var client: PeerAddress?
    /// By which scheme it was asked.
    var scheme: String?
    /// For which host it was asked.
    var host: String?

    /// The elements of a field, the last one first. They end before the first that is none: what stands there came from a
    /// client, and nothing before it can be believed.
    static func lastFirst(_ field: String) -> some Sequence<ForwardedElement> {
        var rest = Substring(field)
        var isOver = false
        return AnyIterator {
            guard !isOver, let element = ForwardedElement(rest.removeLastElement(isFirst: &isOver)) else { return nil }
            return element
        }
    }

    /// Nothing said.
    init() {}

    /// Longer than what any proxy writes of one request.
    private static let longest = 1024

    private init?(_ text: Substring) {
        // Nothing of use is anything but ASCII, and of ASCII a character is a byte.
        guard text.utf8.count <= Self.longest, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var names: Set<String> = []
        for pair in text.splitOutsideQuotes(";") {
            let pair = pair.withoutBlanks
            if pair.isEmpty { continue }
            guard let equals = pair.firstIndex(of: "="), let value = Self.value(pair[pair.index(after: equals)...])
            else { return nil }
            let name = pair[..<equals].lowercased()
            guard names.insert(name).inserted else { return nil }
            switch name {
            case "for": client = PeerAddress(node: value)
            case "proto": scheme = value
            case "host": host = value
            default: break
            }
        }
    }

    /// A token or a quoted string (RFC 9110 section 5.6.4). A token may have colons and brackets too, as many proxies send them.
    private static func value(_ text: Substring) -> String? {
        guard text.first == "\"" else {
            let isToken = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"\\(),;".utf8.contains($0) }
            return isToken && !text.isEmpty ? String(text) : nil
        }
        var value = ""
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            switch character {
            case "\"": return rest.isEmpty ? value : nil
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped)
            default: value.append(character)
            }
        }
        return nil
    }
}

extension PeerAddress {
    /// Reads a node of `Forwarded` (RFC 7239 section 6), whose port need not be a number.
    fileprivate init?(node: String) {
        // Without brackets nobody knows where a port begins.
        guard node.hasPrefix("[") || node.count(where: { $0 == ":" }) < 2 else { return nil }
        if let colon = node.lastIndex(of: ":"), node[colon...].hasPrefix(":_") {
            self.init(forwarded: node[..<colon])
        } else {
            self.init(forwarded: node[...])
        }
    }
}

extension Substring {
    /// Without spaces and tabs around it.
    var withoutBlanks: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    /// Takes away what is behind the last comma outside of quotes, and the comma. Read from the end: a quote that a client left
    /// open says nothing of what a proxy has written behind it.
    fileprivate mutating func removeLastElement(isFirst: inout Bool) -> Substring {
        let bytes = utf8
        var isQuoted = false
        var place = bytes.endIndex
        while place > bytes.startIndex {
            place = bytes.index(before: place)
            switch bytes[place] {
            case UInt8(ascii: "\""):
                let escapes = bytes[..<place].reversed().prefix { $0 == UInt8(ascii: "\\") }.count
                if escapes.isMultiple(of: 2) { isQuoted.toggle() }
            case UInt8(ascii: ",") where !isQuoted:
                let element = self[bytes.index(after: place)...]
                self = self[..<place]
                return element.withoutBlanks
            default: break
            }
        }
        isFirst = true
        return withoutBlanks
    }

    fileprivate func splitOutsideQuotes(_ separator: Character) -> [Substring] {
        var parts: [Substring] = []
        var (start, place, isQuoted) = (startIndex, startIndex, false)
        while place < endIndex {
            let character = self[place]
            if character == "\\", isQuoted {
                place = index(after: place)
                if place == endIndex { break }
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == separator, !isQuoted {
                parts.append(self[start..<place])
                start = index(after: place)
            }
            place = index(after: place)
        }
        parts.append(self[start...])
        return parts
    }
}
