import Glibc
import Linux
import Telemetry
import Testing

@testable import Panal

@Suite("docs/operations.md")
struct MetricsDocumentTests {
    /// What the table's first column names, without the suffix of counters.
    private func documented() throws -> Set<String> {
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let text = try #require(SystemFile.read(root + "/docs/operations.md"))
        let section = try #require(text.split(separator: "\n## Metrics\n").last?.split(separator: "\n## ").first)
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let names = rows.flatMap { row in
            row.split(separator: "|")[0].split(separator: "`").filter { !$0.allSatisfy { $0 == " " } }.map(String.init)
        }
        #expect(Set(names).count == names.count)
        return Set(names.map { $0.hasSuffix("_total") ? String($0.dropLast(6)) : $0 })
    }

    @Test("names each metric that there is, and no other")
    func names() throws {
        let known = Set(ServiceMetric.descriptions.map { MetricsText.name($0.key, .gauge, $0.value) })
        let documented = try documented()
        #expect(known.subtracting(documented).sorted() == [])
        #expect(documented.subtracting(known).sorted() == [])
    }
}
