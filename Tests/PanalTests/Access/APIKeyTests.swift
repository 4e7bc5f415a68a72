import HTTPServer
import Testing
import Values

@testable import Panal

@Suite("API keys")
struct APIKeyTests {
    private static let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    private static let entry = "front-desk=read+write:sha256:\(digest)"

    @Test(
        "an entry is read and written as a person does",
        arguments: [
            entry, "a=read:sha256:\(digest)", "A.b_c-9=bookings:cancel+read:sha256:\(digest):expires:2027-01-31",
            "x=sha256:sha256:\(digest)",
        ]
    )
    func roundTrip(text: String) throws {
        #expect(try #require(APIKey(entry: text)).entry == text)
    }

    @Test(
        "what is almost an entry is none",
        arguments: [
            "", "=read:sha256:\(digest)", "a=:sha256:\(digest)", "a=read+:sha256:\(digest)",
            "a=read+read:sha256:\(digest)",
            "a=read:sha256:", "a=read:sha256:\(digest.dropLast())", "a=read:sha256:\(digest)0",
            "a=read:sha256:\(digest.uppercased())",
            "a=read:sha1:\(digest)", "a read:sha256:\(digest)", "a b=read:sha256:\(digest)", "ä=read:sha256:\(digest)",
            "a=re ad:sha256:\(digest)", "a=read:sha256:\(digest):expires:", "a=read:sha256:\(digest):expires:tomorrow",
            "a=read:sha256:\(digest):expires:2027-02-30", "a=read:sha256:\(digest):until:2027-01-31",
            "read:sha256:\(digest)",
            "a=read=write:sha256:\(digest)", "\(String(repeating: "a", count: 65))=read:sha256:\(digest)",
        ]
    )
    func refused(text: String) {
        #expect(APIKey(entry: text) == nil, "\(text)")
    }

    @Test(
        "the hash is the plain SHA-256 of the key, so that any tool makes an entry, and the entry does not have the key"
    )
    func hash() throws {
        // printf %s correct-horse-battery | sha256sum
        let digits = "62249369389075490555a758353aec61"
        let entry = try #require(APIKey("correct-horse-battery", name: "ada", scopes: [.read])).entry
        #expect(entry.hasPrefix("ada=read:sha256:\(digits)"))
        #expect(!entry.contains("correct"))
        #expect(try #require(APIKey(entry: entry)).matches(SHA256.hash(Array("correct-horse-battery".utf8))))
        #expect(try #require(APIKey(entry: entry)).matches(SHA256.hash(Array("correct-horse-batterx".utf8))) == false)
    }

    @Test("a list has each key once, passes over comments and empty elements, and is nothing when one entry is none")
    func list() throws {
        let other = "b=read:sha256:" + String(Self.digest.reversed())
        #expect(try #require(APIKeys("# the desk\n\(Self.entry)\r\n\n  \(other),\n")).entries.count == 2)
        for text in [
            "#", "# only\n# comments", ",", "\(Self.entry),\(Self.entry)", "\(Self.entry),x", "\(Self.entry) \(other)",
        ] {
            #expect(APIKeys(text) == nil, "\(text)")
        }
        #expect(APIKeys("a=read:sha256:\(Self.digest),b=write:sha256:\(Self.digest)") == nil, "one key, two callers")
    }

    @Test("a new key is random, and its checksum tells it from a text that looks like one")
    func newKeys() {
        let keys = (0..<100).map { _ in APIKeyText.random() }
        #expect(Set(keys).count == 100)
        for key in keys {
            #expect(key.hasPrefix("panal_") && key.utf8.count == 44)
            #expect(APIKeyText.isValid(key))
            var other = Array(key)
            other[20] = other[20] == "a" ? "b" : "a"
            #expect(!APIKeyText.isValid(String(other)))
            #expect(APIKey(key, name: "a", scopes: [.read]) != nil)
        }
    }

    @Test("the expiry is the first day on which it opens nothing, in UTC")
    func expiry() throws {
        let key = try #require(APIKey(entry: Self.entry + ":expires:2027-01-31"))
        let midnight = Int64(try #require(CivilDate("2027-01-31")).daysSinceEpoch) * 86_400
        #expect(!key.hasExpired(at: Timestamp(unixSeconds: midnight - 1)))
        #expect(key.hasExpired(at: Timestamp(unixSeconds: midnight)))
        #expect(try !#require(APIKey(entry: Self.entry)).hasExpired(at: Timestamp(unixSeconds: midnight)))
    }

    @Test("a caller's idempotency keys are kept through a rotation, and are nobody else's")
    func scopes() throws {
        let old = try #require(APIKey("an-old-key-0123456789", name: "ada", scopes: [.write]))
        let new = try #require(APIKey("a-new-key-0123456789", name: "ada", scopes: [.read, .write]))
        let other = try #require(APIKey("another-key-0123456789", name: "bob", scopes: [.write]))
        #expect(old.caller.idempotencyScope == new.caller.idempotencyScope)
        #expect(old.caller.idempotencyScope != other.caller.idempotencyScope)
        #expect(other.caller.idempotencyScope != .anonymous)
    }
}
