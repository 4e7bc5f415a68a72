import Testing
import Values

@Suite("the hash FNV-1a")
struct FNV1aTests {
    @Test(
        "is what draft-eastlake-fnv says in 64 bits",
        arguments: [("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8)]
            as [(String, UInt64)]
    )
    func narrow(text: String, hash: UInt64) {
        var fnv = FNV1a<UInt64>()
        fnv.combine(text.utf8)
        #expect(fnv.value == hash)
    }

    @Test(
        "is what draft-eastlake-fnv says in 128 bits",
        arguments: [
            ("", "6c62272e07bb014262b821756295c58d"), ("a", "d228cb696f1a8caf78912b704e4a8964"),
            ("foobar", "343e1662793c64bf6f0d3597ba446f18"),
        ]
    )
    func wide(text: String, hash: String) {
        var fnv = FNV1a<UInt128>()
        fnv.combine(text.utf8)
        #expect(String(fnv.value, radix: 16) == hash)
    }

    @Test("keeps fields apart that would run together")
    func fields() {
        func hash(_ fields: String...) -> UInt64 {
            var fnv = FNV1a<UInt64>()
            for field in fields { fnv.combine(field: field) }
            return fnv.value
        }
        #expect(hash("ab", "c") != hash("a", "bc"))
        #expect(hash("ab", "c") == hash("ab", "c"))
    }
}
