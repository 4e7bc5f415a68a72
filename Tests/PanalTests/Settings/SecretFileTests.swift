import Foundation
import HTTPServer
import SQL
import Testing

@testable import Panal

@Suite("A secret in a file")
struct SecretFileTests {
    private struct Secret: SettingsGroup {
        @Setting(
            "TOKEN",
            default: "none",
            "What opens it.",
            SettingFormat("8 letters") { $0.count == 8 ? $0 : nil },
            isSecret: true
        )
        var token: String

        @Setting("PLAIN", default: "", "What anybody may read.", .text)
        var plain: String
    }

    private func read(_ variables: [String: String]) -> (value: Secret, reading: SettingsReading) {
        let reading = SettingsReading(variables, defaults: ["TOKEN": "standard"])
        return (reading.read(Secret.self), reading)
    }

    /// A file that is gone after the test.
    private final class File {
        let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID().uuidString)").path

        init(_ content: [UInt8]) throws { try Data(content).write(to: URL(filePath: path)) }
        convenience init(_ content: String) throws { try self.init(Array(content.utf8)) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    @Test("is read without the line break that an editor put behind it", arguments: ["", "\n", "\r\n", "\n\n"])
    func lineBreak(end: String) throws {
        let file = try File("abcdefgh" + end)
        let (value, reading) = read(["TOKEN_FILE": file.path])
        #expect(value.token == "abcdefgh")
        #expect(reading.faults == [])
        #expect(reading.found.first?.source == .file)
    }

    @Test(
        "that says nothing is a fault, as is one of blanks: neither opens a door",
        arguments: ["", "\n", "  \n", "\t"]
    )
    func blank(content: String) throws {
        let file = try File(content)
        #expect(read(["TOKEN_FILE": file.path]).reading.faults.map(\.key) == ["TOKEN_FILE"])
    }

    @Test("that is not there, or a folder, or too large, or no text is a fault that says why")
    func unreadable() throws {
        let missing = read(["TOKEN_FILE": "/no/such/file"]).reading.faults
        #expect(missing.map(\.expected) == ["the path of a file that the service can read (No such file or directory)"])
        #expect(missing.map(\.value) == ["/no/such/file"])
        #expect(read(["TOKEN_FILE": "/"]).reading.faults.count == 1)
        let large = try File(String(repeating: "a", count: 65_537))
        #expect(
            read(["TOKEN_FILE": large.path]).reading.faults.map(\.expected) == [
                "the path of a file of at most 65536 bytes"
            ]
        )
        let noText = try File([0xFF, 0xFE, 0x41])
        #expect(
            read(["TOKEN_FILE": noText.path]).reading.faults.map(\.expected) == ["the path of a file of UTF-8 text"]
        )
    }

    @Test("beside the variable itself is a fault: which of them would count?")
    func both() throws {
        let file = try File("abcdefgh")
        let faults = read(["TOKEN": "ijklmnop", "TOKEN_FILE": file.path]).reading.faults
        #expect(
            faults.map(\.description) == [
                "TOKEN_FILE=\(file.path): expected only one of TOKEN and TOKEN_FILE to be set"
            ]
        )
        #expect(read(["TOKEN": "", "TOKEN_FILE": file.path]).value.token == "abcdefgh", "an empty variable is unset")
        #expect(read(["TOKEN": "ijklmnop", "TOKEN_FILE": ""]).value.token == "ijklmnop")
    }

    @Test("is checked like any other value, and never shown")
    func fault() throws {
        let file = try File("no eight letters")
        let (_, reading) = read(["TOKEN_FILE": file.path])
        #expect(reading.faults.map(\.description) == ["TOKEN_FILE=<redacted>: expected 8 letters"])
    }

    @Test("is for secrets only: other settings are read from the environment alone")
    func plain() throws {
        let file = try File("text")
        #expect(read(["PLAIN_FILE": file.path]).value.plain == "")
    }

    @Test("may be a database's address with its password, and the keys of the API")
    func common() throws {
        let url = try File("sqlite:data/other.sqlite\n")
        let entries = try ["first", "second"].map { name in
            try #require(APIKey("\(name)-key-0123456789", name: name, scopes: [.read])).entry
        }
        let keys = try File("# The keys of the API\n\n\(entries[0])\n  \(entries[1])\n")
        let settings = try ServiceSettings<NoSettings>(
            ["DATABASE_URL_FILE": url.path, "API_KEYS_FILE": keys.path],
            hasDatabase: true
        )
        #expect(settings.server.apiKeys.entries.map(\.entry) == entries)
        #expect("\(settings.database?.url.description ?? "")" == "sqlite:data/other.sqlite")
    }
}
