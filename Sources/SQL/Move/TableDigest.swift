import Values

/// What a table holds, in a few bytes: how many rows, and a hash that depends on every value and not on the order of the rows.
struct TableDigest: Hashable, Sendable {
    private(set) var rows = 0
    private var sum: UInt64 = 0

    /// Takes a row in: the texts of its columns in an order that is the same on both sides, nil for NULL.
    mutating func add(_ row: [String?]) {
        rows += 1
        var hash = FNV1a<UInt64>()
        for value in row {
            if let value { hash.combine(field: value) } else { hash.combine(Self.null) }
        }
        // Equal rows in another number must not cancel each other out, so they are added; the bits are mixed before
        // (the end of SplitMix64), since those of similar rows are similar.
        var mixed = hash.value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        sum &+= mixed ^ (mixed >> 31)
    }

    /// No byte of UTF-8, nor what ends a text.
    private static let null: UInt8 = 0xFE

    /// The hash in hexadecimal.
    var hash: String {
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
