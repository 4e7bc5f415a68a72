import Testing

@testable import Panal

@Suite("A variable that looks like a setting")
struct MisspellingTests {
    private func found(_ variables: String...) throws -> [String: String] {
        let settings = try ServiceSettings<NoSettings>(
            Dictionary(uniqueKeysWithValues: variables.map { ($0, "1") }),
            hasDatabase: true
        )
        return Dictionary(uniqueKeysWithValues: settings.misspellings.map { ($0.variable, $0.setting) })
    }

    @Test(
        "is named with the setting that is probably meant",
        arguments: [
            ("WEB_CONCURENCY", "WEB_CONCURRENCY"), ("WEB_CONCURRENCYS", "WEB_CONCURRENCY"),
            ("web_concurrency", "WEB_CONCURRENCY"),
            ("DATABSE_URL", "DATABASE_URL"), ("DATABASE_ULR", "DATABASE_URL"), ("DATABASEURL", "DATABASE_URL"),
            ("REQEUST_TIMEOUT", "REQUEST_TIMEOUT"), ("LOGLEVEL", "LOG_LEVEL"), ("API_KEY", "API_KEYS"),
            ("API_KEYS_FIL", "API_KEYS_FILE"), ("PROT", "PORT"), ("MAX_REQUEST", "MAX_REQUESTS"),
        ]
    )
    func near(variable: String, setting: String) throws {
        #expect(try found(variable) == [variable: setting])
    }

    @Test(
        "is not just any that a platform sets",
        arguments: [
            "PATH", "HOME", "HOSTNAME", "USER", "PWD", "SHLVL", "LANG", "TERM", "KUBERNETES_PORT", "STAYS_SERVICE_PORT",
            "DYNO",
            "SOURCE_VERSION", "HONCHO_PROCESS_NAME", "LISTEN_FDS", "CI", "DATABASE_URLS_OF_OTHERS", "MAX_MEMORY",
        ]
    )
    func far(variable: String) throws {
        #expect(try found(variable) == [:])
    }

    @Test("is never a setting itself, however near to another one")
    func settings() throws {
        let all = try ServiceSettings<NoSettings>([:], hasDatabase: true).declarations.map(\.key)
        #expect(
            Misspelling.find(in: all, settings: try ServiceSettings<NoSettings>([:], hasDatabase: true).declarations)
                == []
        )
    }

    @Test(
        "is as far away as letters must be changed, put in, taken out or swapped; 3 is far",
        arguments: [
            ("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "acb", 1), ("abcd", "badc", 2), ("abc", "xyz", 3),
            ("", "abc", 3), ("kitten", "sitting", 3), ("AbC", "aBc", 0),
        ]
    )
    func distance(first: String, second: String, expected: Int) {
        #expect(Misspelling.distance(first, second) == expected)
        #expect(Misspelling.distance(second, first) == expected)
    }
}
