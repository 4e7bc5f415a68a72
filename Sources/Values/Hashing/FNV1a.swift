/// The hash FNV-1a (draft-eastlake-fnv, Fowler, Noll and Vo), in 64 or 128 bits: the same in every process and release, so that
/// it may be stored. It resists accidents, not attackers.
///
/// ```swift
/// var hash = FNV1a<UInt64>()
/// hash.combine(text.utf8)
/// hash.value
/// ```
@frozen
public struct FNV1a<Word: FNV1aWord>: Hashable, Sendable {
    @usableFromInline var state: Word

    /// The hash of what was combined so far.
    @inlinable
    public var value: Word { state }

    /// The hash of nothing: the offset basis.
    @inlinable
    public init() {
        state = Word.offsetBasis
    }

    /// Takes one more byte into the hash.
    @inlinable
    public mutating func combine(_ byte: UInt8) {
        state = (state ^ Word(truncatingIfNeeded: byte)) &* Word.prime
    }

    /// Takes bytes into the hash, in their order.
    @inlinable
    public mutating func combine(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { combine(byte) }
    }

    /// Takes a text as one field of several: its UTF-8 and a byte that no UTF-8 holds, so that two fields never run together.
    @inlinable
    public mutating func combine(field text: String) {
        combine(text.utf8)
        combine(0xFF)
    }
}

/// The widths that ``FNV1a`` is used with here, each with its constants.
public protocol FNV1aWord: FixedWidthInteger, UnsignedInteger, Sendable {
    /// The hash of no bytes.
    static var offsetBasis: Self { get }

    /// What the hash is multiplied with after each byte.
    static var prime: Self { get }
}

extension UInt64: FNV1aWord {
    /// The offset basis of 64 bits.
    @inlinable public static var offsetBasis: UInt64 { 0xCBF2_9CE4_8422_2325 }
    /// The prime of 64 bits: 2⁴⁰ + 2⁸ + 0xB3.
    @inlinable public static var prime: UInt64 { 0x0000_0100_0000_01B3 }
}

extension UInt128: FNV1aWord {
    /// The offset basis of 128 bits.
    @inlinable public static var offsetBasis: UInt128 { 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D }
    /// The prime of 128 bits: 2⁸⁸ + 2⁸ + 0x3B.
    @inlinable public static var prime: UInt128 { 0x0000_0000_0100_0000_0000_0000_0000_013B }
}
