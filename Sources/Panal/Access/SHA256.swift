/// The hash function SHA-256 (FIPS 180-4, section 6.2), for short inputs such as keys.
enum SHA256 {
    /// What a message comes to: 32 bytes.
    struct Digest: Sendable {
        fileprivate var words: InlineArray<8, UInt32>

        /// Of 64 hexadecimal digits in lower case; nil for any other text.
        init?(hex: some StringProtocol) {
            let digits = Array(hex.utf8)
            guard digits.count == 64 else { return nil }
            words = InlineArray(repeating: 0)
            for (place, digit) in digits.enumerated() {
                let value: UInt8
                switch digit {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
                case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
                default: return nil
                }
                words[place / 8] = words[place / 8] << 4 | UInt32(value)
            }
        }

        fileprivate init(words: InlineArray<8, UInt32>) {
            self.words = words
        }

        /// The 32 bytes.
        var bytes: [UInt8] {
            words.indices.flatMap { index in
                (0..<4).map { UInt8(truncatingIfNeeded: words[index] >> UInt32(24 - 8 * $0)) }
            }
        }

        /// The 32 bytes as 64 hexadecimal digits.
        var hex: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

        /// Compares in a time that says nothing of where the two differ.
        func matches(_ other: Digest) -> Bool {
            var difference: UInt32 = 0
            for index in words.indices { difference |= words[index] ^ other.words[index] }
            return difference == 0
        }
    }

    /// The 32 bytes of the digest.
    static func digest(of message: [UInt8]) -> [UInt8] { hash(message).bytes }

    /// The digest.
    static func hash(_ message: [UInt8]) -> Digest {
        var state = initialState
        let whole = message.count / 64 * 64
        for block in stride(from: 0, to: whole, by: 64) { update(&state, with: message, at: block) }
        var end = Array(message[whole...])
        end.append(0x80)
        while end.count % 64 != 56 { end.append(0) }
        let bits = UInt64(message.count) * 8
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            end.append(UInt8(truncatingIfNeeded: bits >> shift))
        }
        for block in stride(from: 0, to: end.count, by: 64) { update(&state, with: end, at: block) }
        return Digest(words: state)
    }

    private static func update(_ state: inout InlineArray<8, UInt32>, with bytes: [UInt8], at block: Int) {
        var schedule = InlineArray<64, UInt32>(repeating: 0)
        for t in 0..<16 {
            let start = block + 4 * t
            schedule[t] =
                UInt32(bytes[start]) << 24 | UInt32(bytes[start + 1]) << 16 | UInt32(bytes[start + 2]) << 8
                | UInt32(bytes[start + 3])
        }
        for t in 16..<64 {
            let (w15, w2) = (schedule[t - 15], schedule[t - 2])
            let sigma0 = rotate(w15, 7) ^ rotate(w15, 18) ^ w15 >> 3
            let sigma1 = rotate(w2, 17) ^ rotate(w2, 19) ^ w2 >> 10
            schedule[t] = sigma1 &+ schedule[t - 7] &+ sigma0 &+ schedule[t - 16]
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for t in 0..<64 {
            let sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
            let t1 = h &+ sum1 &+ ((e & f) ^ (~e & g)) &+ constants[t] &+ schedule[t]
            let sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
            let t2 = sum0 &+ ((a & b) ^ (a & c) ^ (b & c))
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
        }
        let worked = [a, b, c, d, e, f, g, h] as InlineArray<8, UInt32>
        for index in state.indices { state[index] = state[index] &+ worked[index] }
    }

    @inline(__always)
    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word &>> count | word &<< (32 &- count) }

    /// The first 32 bits of the fractional parts of the square roots of the first 8 primes.
    private static let initialState: InlineArray<8, UInt32> = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: InlineArray<64, UInt32> = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}
