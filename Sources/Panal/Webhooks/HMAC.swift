/// A message's code under a key (RFC 2104), with SHA-256.
enum HMAC {
    /// The 32 bytes of the code.
    static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = key.count > blockSize ? SHA256.digest(of: key) : key
        let padded = key + [UInt8](repeating: 0, count: blockSize - key.count)
        let inner = SHA256.digest(of: padded.map { $0 ^ 0x36 } + message)
        return SHA256.digest(of: padded.map { $0 ^ 0x5C } + inner)
    }

    /// Of SHA-256, in bytes.
    private static let blockSize = 64
}
