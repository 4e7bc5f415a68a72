/// SIMD within a register: eight bytes in one 64-bit word, asked one question all at once. What is usual is found quickly,
/// and whoever gets no clear answer looks at the bytes one by one.
///
/// The high bit of each byte is where answers go. Sums are made of the lower seven bits, so none carries into its
/// neighbour.
struct SWAR {
    private let word: UInt64

    /// The bytes at `position`, the first one lowest.
    @inline(__always)
    init(_ bytes: Span<UInt8>, at position: Int) {
        word = unsafe UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// The bytes of `text` at `position`, which must have eight from there on.
    @inline(__always)
    init(_ text: StaticString, at position: Int) {
        precondition(position >= 0 && position + 8 <= text.utf8CodeUnitCount)
        let start = unsafe UnsafeRawPointer(text.utf8Start)
        word = unsafe UInt64(littleEndian: start.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    private init(word: UInt64) {
        self.word = word
    }

    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The byte eight times.
    @inline(__always)
    private static func each(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// The high bit of each byte between two ASCII ones.
    @inline(__always)
    private static func between(_ first: UInt8, _ last: UInt8, _ word: UInt64) -> UInt64 {
        let low = word & ~highBits
        return ((low &+ each(0x80 - first)) ^ (low &+ each(0x7F - last))) & ~word & highBits
    }

    /// The control bytes: below the space, and DEL.
    @inline(__always)
    var controls: Places { Places(bits: ~(Self.between(0x20, 0x7E, word) | word) & Self.highBits) }

    /// Whether JSON takes all of them in a string as they are (RFC 8259 section 7).
    @inline(__always)
    var isPlainInJSON: Bool {
        let quotes = Self.between(UInt8(ascii: "\""), UInt8(ascii: "\""), word)
        let backslashes = Self.between(UInt8(ascii: "\\"), UInt8(ascii: "\\"), word)
        let controls = Self.between(0x00, 0x1F, word)
        return quotes | backslashes | controls == 0
    }

    /// How many letters and hyphens come first: what most field names are made of.
    @inline(__always)
    var nameCount: Int {
        let letters = Self.between(UInt8(ascii: "a"), UInt8(ascii: "z"), word | Self.each(0x20))
        let hyphens = Self.between(UInt8(ascii: "-"), UInt8(ascii: "-"), word)
        return Places(bits: ~(letters | hyphens) & Self.highBits).first
    }

    /// The same with small letters in place of capitals.
    @inline(__always)
    var lowercased: SWAR {
        SWAR(word: word | Self.between(UInt8(ascii: "A"), UInt8(ascii: "Z"), word) >> 2)
    }

    @inline(__always)
    static func == (left: SWAR, right: SWAR) -> Bool { left.word == right.word }

    /// Some of the eight.
    struct Places {
        fileprivate let bits: UInt64

        @inline(__always)
        var isEmpty: Bool { bits == 0 }

        /// How many bytes come before the first of them; 8 when there is none.
        @inline(__always)
        var first: Int { bits.trailingZeroBitCount / 8 }
    }
}
