/// A short stand-in for a booking request, by which a store tells whether a repeated key came with the same request.
public struct Fingerprint: Hashable, Sendable {
    /// FNV-1a over the request's fields, 128 bits.
    public let bits: UInt128

    /// The fingerprint with these bits.
    public init(bits: UInt128) {
        self.bits = bits
    }

    /// The fingerprint of a request. It means the same in every process and every release while records of it live
    /// (`IdempotencyKey.lifetime`): fields may be appended here, not reordered.
    ///
    /// FNV resists accidents, not attackers; whoever forges a collision only replays an answer of their own.
    public init(_ request: BookingRequest) {
        var hash = FowlerNollVo()
        hash.feed(request.roomID.text)
        hash.feed(request.stay.from.description)
        hash.feed(request.stay.to.description)
        hash.feed(String(request.guests))
        hash.feed(request.guest.name)
        hash.feed(request.guest.email.text)
        bits = hash.state
    }
}

/// FNV-1a with the offset basis and prime of 128 bits.
private struct FowlerNollVo {
    var state: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D

    /// The text and a byte that no UTF-8 holds, so that two fields never run together.
    mutating func feed(_ text: String) {
        for byte in text.utf8 { feed(byte) }
        feed(0xFF)
    }

    private mutating func feed(_ byte: UInt8) {
        state = (state ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B
    }
}
