import Glibc

/// A file that holds one secret, as Docker, Kubernetes and systemd mount them.
enum SecretFile {
    /// More is no secret; it also bounds what is read at start.
    private static let largest = 64 * 1024

    /// The file's text without the line break at its end, which editors put there.
    static func read(_ path: String) throws(UnreadableSecret) -> String {
        // O_NONBLOCK: a pipe without a writer is no file, and must not hold the start up.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw UnreadableSecret(errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count <= largest {
            var failure: CInt = 0
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                let read = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if read < 0 { failure = errno }
                count = max(0, read)
            }
            if failure == EINTR { continue }
            guard failure == 0 else { throw UnreadableSecret(errno: failure) }
            if piece.isEmpty { break }
            bytes += piece
        }
        guard bytes.count <= largest else { throw UnreadableSecret(expectation: "a file of at most \(largest) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UnreadableSecret(expectation: "a file of UTF-8 text")
        }
        guard let end = text.lastIndex(where: { !$0.isNewline }) else { return text.isEmpty ? " " : text }
        return String(text[...end])
    }
}

/// Why a secret's file cannot be read.
struct UnreadableSecret: Error {
    /// What would be right: "a file that can be read (…)".
    let expectation: String

    init(expectation: String) { self.expectation = expectation }

    init(errno: CInt) {
        expectation = "a file that the service can read (\(unsafe String(cString: strerror(errno))))"
    }
}
