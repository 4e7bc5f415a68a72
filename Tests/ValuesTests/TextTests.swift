import Testing
import Values

/// Something that has a name.
private enum Garden {}

@Suite("text with a rule")
struct TextTests {
    @Test(
        "a slug is small letters, digits and inner hyphens",
        arguments: ["1", "101", "garden-suite", "a-b-c", String(repeating: "z", count: 32)]
    )
    func goodSlug(text: String) {
        #expect(Slug<Garden>(text)?.text == text)
    }

    @Test(
        "anything else is no slug",
        arguments: [
            "", "-", "a-", "-a", "a--b", "A", "a b", "a_b", "é", "a/b", "a\0", String(repeating: "z", count: 33),
        ]
    )
    func badSlug(text: String) {
        #expect(Slug<Garden>(text) == nil)
    }

    @Test(
        "an e-mail address is a local part and a domain",
        arguments: [
            "ada@example.org", "a@b.co", "o'brien+hotel@sub.example.org", "ada.lovelace@example.org", "用户@例え.example",
            "A_B-C@EXAMPLE.ORG", "1@2.3x", String(repeating: "l", count: 64) + "@example.org",
        ]
    )
    func goodEmail(text: String) {
        #expect(EmailAddress(text)?.text == text)
        #expect(EmailAddress(" \(text)\n") == EmailAddress(text))
    }

    @Test(
        "what no mail could reach is no e-mail address",
        arguments: [
            "", "ada", "ada@", "@example.org", "ada@example", "a@b@c.org", "ada@example..org", "ada@.org",
            "ada@example.",
            ".ada@example.org", "ada.@example.org", "a..b@example.org", "a b@example.org", "ada@exa mple.org",
            "ada@-example.org", "ada@example-.org", "ada@exa_mple.org", "ada@[127.0.0.1]", "\"a\"@example.org",
            "a\0@example.org", "a\n@example.org", "a,b@example.org", "<ada@example.org>", "a\u{A0}b@example.org",
            "a@b\u{3000}.org", String(repeating: "l", count: 65) + "@example.org",
            "a@" + String(repeating: "d", count: 64) + ".org",
            "a@" + String(repeating: "dddddddd.", count: 30) + "org",
        ]
    )
    func badEmail(text: String) {
        #expect(EmailAddress(text) == nil)
    }
}
