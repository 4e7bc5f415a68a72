import Testing
import Values

@testable import HTTPServer

@Suite("Eight bytes at once")
struct SWARTests {
    @Test("are what they are one by one")
    func bytes() {
        for byte in UInt8.min ... .max {
            for position in 0..<8 {
                var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 8)
                bytes[position] = byte
                let word = SWAR(bytes.span, at: 0)
                let isControl = byte < 0x20 || byte == 0x7F
                #expect(word.controls.isEmpty == !isControl)
                #expect(word.controls.first == (isControl ? position : 8))
                let isLetter = byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter
                #expect(word.nameCount == (isLetter || byte == UInt8(ascii: "-") ? 8 : position))
                #expect(word.isPlainInJSON == JSONText.isPlain(byte))
                bytes[position] = ASCII.lowercased(byte)
                #expect(word.lowercased == SWAR(bytes.span, at: 0))
            }
        }
        #expect(SWAR("abcdefgh", at: 0) == SWAR(Array("abcdefgh".utf8).span, at: 0))
    }
}
