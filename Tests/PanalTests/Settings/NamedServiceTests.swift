import Testing

@testable import Panal

@Suite("A setting that names other services")
struct NamedServiceTests {
    private struct Own: SettingsGroup {
        @Setting("PEERS", default: "", "Whom we call.", .services(atMost: 3), redact: NamedService.redacted)
        var peers: [NamedService]
    }

    private func peers(_ text: String) throws(InvalidSettings) -> [String] {
        try ServiceSettings<Own>(["PEERS": text], hasDatabase: false).own.peers.map { "\($0.name) \($0.url)" }
    }

    @Test("takes base URLs with a name in front or without, and brings those that are equal into one form")
    func good() throws {
        #expect(try peers("") == [])
        #expect(
            try peers("http://127.0.0.1:8081, sea-view=HTTPS://Hotel.Example.org:443/de/ ,https://[::1]:8443//")
                == [
                    "127.0.0.1:8081 http://127.0.0.1:8081", "sea-view https://hotel.example.org/de",
                    "[::1]:8443 https://[::1]:8443",
                ]
        )
        #expect(try peers("a=http://h/x=y") == ["a http://h/x=y"])
        #expect(try peers("http://h/x=y") == ["h http://h/x=y"])
    }

    @Test(
        "refuses what nobody could call, what is there twice, and too many",
        arguments: [
            " ", ",", "hotel.example.org", "ftp://h", "http://", "http://h:0", "http://h:65536", "http://h/?q",
            "http://h/#f",
            "http://h/a b", "http://h/\u{e9}", "=http://h", "a b=http://h", "a/b=http://h", "a=b=http://h",
            "http://h,,x",
            "a=http://h,a=http://i", "a=http://h,b=http://h/", "http://h:80,http://h", "http://h/x,http://h/y",
            "http://a,http://b,http://c,http://d", "\(String(repeating: "n", count: 65))=http://h",
        ]
    )
    func bad(_ text: String) {
        #expect(throws: InvalidSettings.self) { try peers(text) }
    }

    @Test(
        "never shows credentials, which are refused",
        arguments: ["http://user:secret@h", "http://h,a=https://u:sec,ret@h/"]
    )
    func credentials(_ text: String) throws {
        let error = try #require(throws: InvalidSettings.self) { try peers(text) }
        #expect(!"\(error)".contains("sec"))
        #expect("\(error)".contains("PEERS"))
    }
}
