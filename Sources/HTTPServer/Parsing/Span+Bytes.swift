import Glibc

// Operations on spans of bytes that the standard library lacks.

extension Span where Element == UInt8 {
    /// The position of the first `byte` at or after `start` (memchr(3): it looks at 32 bytes at once).
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < count else { return nil }
        return unsafe withUnsafeBytes { bytes in
            let base = unsafe bytes.baseAddress! + start
            guard let found = unsafe memchr(base, CInt(byte), bytes.count - start) else { return nil }
            return unsafe start + (UnsafeRawPointer(found) - base)
        }
    }

    /// Whether these bytes are `text`, letters of either case being the same. `text` must be lower case.
    @inline(__always)
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        var position = 0
        while position + 8 <= count {
            guard SWAR(self, at: position).lowercased == SWAR(text, at: position) else { return false }
            position += 8
        }
        while position < count {
            guard unsafe ASCII.lowercased(self[position]) == text.utf8Start[position] else { return false }
            position += 1
        }
        return true
    }

    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where ASCII.lowercased(self[index]) != ASCII.lowercased(other[index]) { return false }
        return true
    }
}

extension String {
    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    init(copying span: Span<UInt8>) {
        self = unsafe span.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension [UInt8] {
    init(copying span: Span<UInt8>) {
        self = unsafe span.withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }
}
