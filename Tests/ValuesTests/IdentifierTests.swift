import Testing
import Values

/// Something that has a name.
private enum Garden {}

@Suite("an identifier")
struct IdentifierTests {
    @Test("sorts by time, reads back, and is never the same twice")
    func identifiers() throws {
        var last = Identifier<Garden>(madeAt: Timestamp(microsecondsSinceEpoch: 0))
        for microsecond in 1..<500 as Range<Int64> {
            let id = Identifier<Garden>(madeAt: Timestamp(microsecondsSinceEpoch: 1_795_490_055_123_456 + microsecond))
            #expect(last < id)
            #expect(last.description < id.description)
            #expect(id.description.utf8.count == 26)
            #expect(Identifier<Garden>(id.description) == id)
            last = id
        }
        #expect(
            Set((0..<1_000).map { _ in Identifier<Garden>(madeAt: Timestamp(unixSeconds: 1_795_490_055)) }).count
                == 1_000
        )
        #expect(Identifier<Garden>(bits: .max).description == "7zzzzzzzzzzzzzzzzzzzzzzzzz")
        #expect(Identifier<Garden>(bits: 0).description == "00000000000000000000000000")
    }

    @Test(
        "has no other text",
        arguments: [
            "", "0", "8zzzzzzzzzzzzzzzzzzzzzzzzz", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0000000000000000000000000i",
            "0000000000000000000000000l", "0000000000000000000000000o", "0000000000000000000000000u",
            "000000000000000000000000000", "0000000000000000000000000", "0000000000000000000000000é",
        ]
    )
    func badIdentifiers(text: String) {
        #expect(Identifier<Garden>(text) == nil)
    }
}
