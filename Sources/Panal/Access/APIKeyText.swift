/// The text of a new API key: `panal_`, 32 random digits and letters (190 bits), and 6 that are their checksum, as GitHub's and
/// others' tokens have it. By the beginning and the checksum a scanner finds keys where they do not belong, and takes nothing else
/// for one.
enum APIKeyText {
    /// What all begin with.
    static let prefix = "panal_"
    private static let randomCount = 32
    private static let checksumCount = 6
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A new one, of the system's randomness (getrandom(2)).
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let random = (0..<randomCount).map { _ in digits[Int.random(in: 0..<digits.count, using: &generator)] }
        return prefix + String(decoding: random, as: UTF8.self) + checksum(of: random)
    }

    /// Whether a text is one, as a scanner tells.
    static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard text.hasPrefix(prefix), bytes.count == prefix.utf8.count + randomCount + checksumCount else {
            return false
        }
        let random = Array(bytes[prefix.utf8.count..<bytes.count - checksumCount])
        return random.allSatisfy(digits.contains) && text.hasSuffix(checksum(of: random))
    }

    /// CRC-32 (ISO 3309) in the digits above, the most significant first.
    private static func checksum(of bytes: [UInt8]) -> String {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        var rest = Int(~crc)
        var text: [UInt8] = []
        for _ in 0..<checksumCount {
            text.append(digits[rest % digits.count])
            rest /= digits.count
        }
        return String(decoding: text.reversed(), as: UTF8.self)
    }
}
