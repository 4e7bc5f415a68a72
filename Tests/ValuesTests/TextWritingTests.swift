import Testing
import Values

@Suite("Writing text")
struct TextWritingTests {
    @Test("JSON must escape quotes, backslashes and control characters")
    func plain() {
        for byte in UInt8.min ... .max {
            let isPlain = byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            #expect(JSONText.isPlain(byte) == isPlain)
        }
    }

    @Test("an escape has two characters where JSON has a short one, else six")
    func escaped() {
        func text(_ byte: UInt8) -> String {
            let (bytes, count) = JSONText.escape(of: byte)
            return String((0..<count).map { Character(Unicode.Scalar(bytes[$0])) })
        }
        #expect([0x22, 0x5C, 0x0A, 0x0D, 0x09].map(text) == [#"\""#, #"\\"#, #"\n"#, #"\r"#, #"\t"#])
        #expect([0x00, 0x1F, 0x7F, 0xFF].map(text) == [#"\u0000"#, #"\u001f"#, #"\u007f"#, #"\u00ff"#])
    }

    @Test("a number has the digits that it is described by, and no more")
    func decimals() {
        var numbers: [UInt] = [0, .max, .max - 1]
        var power: UInt = 1
        while power < .max / 10 {
            numbers += [power - 1, power, power + 1]
            power *= 10
        }
        for number in numbers {
            let count = number.decimalDigitCount
            var digits = InlineArray<20, UInt8>(repeating: 0)
            var room = digits.mutableSpan
            room.write(number, into: 0..<count)
            #expect(String(ascii: digits.span.extracting(..<count)) == number.description)
        }
    }
}
