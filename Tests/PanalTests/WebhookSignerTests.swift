import HTTPTypes
import Testing
import Values

@testable import Panal

@Suite("The signature of a webhook")
struct WebhookSignerTests {
    @Test("is that of Standard Webhooks")
    func signature() throws {
        // The example of the standard's own libraries.
        let signer = try #require(WebhookSigner(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let fields = signer.fields(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: Timestamp(unixSeconds: 1_614_265_330),
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        let name = try #require(HTTPField.Name("webhook-signature"))
        #expect(fields[name] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(fields[try #require(HTTPField.Name("webhook-timestamp"))] == "1614265330")
    }

    @Test("is made by HMAC-SHA256 (RFC 4231)")
    func codes() {
        func text(_ bytes: [UInt8]) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        #expect(
            text(HMAC.code(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
        let message = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        #expect(
            text(HMAC.code(of: message, key: [UInt8](repeating: 0xAA, count: 131)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        )
    }

    @Test("is not made with a key that could be guessed, or is no base64")
    func keys() {
        for secret in ["", "short", "whsec_", "whsec_AAAA", "whsec_not base64 at all!!"] {
            #expect(WebhookSigner(secret: secret) == nil, "\(secret)")
        }
    }
}
