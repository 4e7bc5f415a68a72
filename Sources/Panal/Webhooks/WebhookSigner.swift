import FoundationEssentials
public import HTTPTypes
public import Values

/// Signs what is sent to another service, which can tell by it who sent it, when, and that it is whole: the symmetric scheme of
/// Standard Webhooks (standardwebhooks.com, "Signature scheme"), for which there are libraries in most languages.
public struct WebhookSigner: Sendable {
    private let key: [UInt8]

    /// Signs with a secret that both sides know: `whsec_` and the key in base64, or a text that is the key itself. Nil when that has
    /// fewer than 16 bytes, or is no base64.
    public init?(secret: String) {
        let mark = "whsec_"
        guard secret.hasPrefix(mark) else {
            self.init(key: Array(secret.utf8))
            return
        }
        guard let key = Data(base64Encoded: String(secret.dropFirst(mark.count))) else { return nil }
        self.init(key: Array(key))
    }

    private init?(key: [UInt8]) {
        guard key.count >= 16 else { return nil }
        self.key = key
    }

    /// The fields to send along: `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    /// - Parameters:
    ///   - id: The same whenever the same is sent again, so that the receiver can do it once.
    ///   - now: When it is sent; receivers refuse what is older than some minutes.
    ///   - body: What is sent, byte for byte.
    public func fields(id: String, at now: Timestamp, body: [UInt8]) -> HTTPFields {
        let signed = Array("\(id).\(now.unixSeconds).".utf8) + body
        let signature = "v1," + Data(HMAC.code(of: signed, key: key)).base64EncodedString()
        var fields = HTTPFields()
        for (name, value) in [("id", id), ("timestamp", "\(now.unixSeconds)"), ("signature", signature)] {
            if let name = HTTPField.Name("webhook-\(name)") { fields[name] = value }
        }
        return fields
    }
}
