import Foundation
import Testing

@testable import App
@testable import Panal

@Suite("The template")
struct TemplateTests {
    @Test("is small: domain, store and routes of the hotel are at most 1,330 lines")
    func size() throws {
        let lines = try ["Stays", "StaysStore", "App"].flatMap { try Repository.swiftFiles(in: "Sources/\($0)") }
            .map {
                try String(contentsOf: $0, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
                    .count - 1
            }
        #expect(lines.reduce(0, +) <= 1_330)
    }

    @Test("whoever is told of bookings is told with a signature: a webhook without a secret is a fault")
    func webhook() throws {
        let url = ["WEBHOOK_URL": "https://example.org/x"]
        let error = #expect(throws: InvalidSettings.self) { try App.settings(url) }
        #expect(error?.faults.map(\.key) == ["WEBHOOK_SECRET"])
        #expect(throws: InvalidSettings.self) { try App.settings(url.merging(["WEBHOOK_SECRET": "short"]) { $1 }) }
        _ = try App.settings(url.merging(["WEBHOOK_SECRET": "0123456789abcdef"]) { $1 })
    }

    @Test(".env.example is what the declarations say")
    func dotEnv() throws {
        #expect(try Repository.text(of: ".env.example") == ConfigText.dotEnv(try App.declarations()))
    }

    @Test("the README's table is what the declarations say")
    func readme() throws {
        #expect(try Repository.text(of: "README.md").contains(ConfigText.markdown(try App.declarations())))
    }
}
