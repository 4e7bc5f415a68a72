import Panal
import Testing
import Values

@Suite("An entity tag list")
struct EntityTagListTests {
    /// - Parameters:
    ///   - strong: What If-Match may say of it (RFC 9110 section 13.1.1).
    ///   - weak: What If-None-Match may (RFC 9110 section 13.1.2).
    private func expect(_ text: String, strong: ExpectedVersion, weak: ExpectedVersion) throws {
        let list = try #require(EntityTagList(text))
        #expect(list.strongVersions == strong)
        #expect(list.weakVersions == weak)
    }

    @Test("is *, which is any version")
    func any() throws { try expect("*", strong: .any, weak: .any) }

    @Test(
        "is quoted tags, of which those that are no version of ours match nothing",
        arguments: [
            ("\"1\"", [1]), ("\"1\", \"2\"", [1, 2]), ("\"1\"\t,\t\"2\"", [1, 2]), ("\"1\",\"2\"", [1, 2]),
            ("\"abc\"", []), ("\"01\"", []), ("\"+1\"", []), ("\"\"", []), ("\"1\", \"x\", \"3\"", [1, 3]),
            ("\"a,b\", \"2\"", [2]), ("\"1,2\"", []), ("\",\"", []), ("\"*\"", []), ("\"W/\"", []), ("\"\\\"", []),
            ("\"é\", \"2\"", [2]), ("\"99999999999999999999\"", []),
        ]
    )
    func strong(text: String, versions: [Int]) throws {
        try expect(text, strong: .oneOf(versions), weak: .oneOf(versions))
    }

    @Test(
        "may have weak tags, which are compared weakly only (RFC 9110 section 8.8.3.2)",
        arguments: [
            ("W/\"3\"", [], [3]), ("\"1\", W/\"3\"", [1], [1, 3]), ("W/\"1\",W/\"2\"", [], [1, 2]),
            ("W/\"a,b\", \"1\"", [1], [1]),
        ]
    )
    func weak(text: String, strong: [Int], weak: [Int]) throws {
        try expect(text, strong: .oneOf(strong), weak: .oneOf(weak))
    }

    @Test(
        "may have empty elements, which are ignored (RFC 9110 section 5.6.1.2)",
        arguments: [
            ("\"1\",", [1]), (",\"1\"", [1]), ("\"1\",,\"2\"", [1, 2]), (" , \t, \"1\" ,, ", [1]), (",", []), ("", []),
        ]
    )
    func emptyElements(text: String, versions: [Int]) throws {
        try expect(text, strong: .oneOf(versions), weak: .oneOf(versions))
    }

    @Test(
        "is refused when malformed",
        arguments: [
            "1", "\"1", "1\"", "\"1\" \"2\"", "\"1\"\"2\"", "*, \"1\"", "\"1\", *", "*,", "**", "\"", "\"a b\"",
            "\"a\tb\"",
            "\"a\u{7F}\"", "w/\"1\"", "W\"1\"", "W/", "W/1", "W/ \"1\"", "W/*", "W/W/\"1\"", "\"1\"; \"2\"", "\"1\", x",
            "\"1\", \"", "\"\"\"", "'1'",
        ]
    )
    func malformed(_ text: String) {
        #expect(EntityTagList(text) == nil)
    }
}
