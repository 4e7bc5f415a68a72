import Foundation
import HTTPServer
import HTTPTypes
import Testing

@testable import Panal

/// Any JSON.
private enum Tree: Codable, Equatable {
    case null
    case flag(Bool)
    case whole(Int)
    case fraction(Double)
    case text(String)
    case list([Tree])
    case members([String: Tree])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let whole = try? value.decode(Int.self) {
            self = .whole(whole)
        } else if let fraction = try? value.decode(Double.self) {
            self = .fraction(fraction)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([Tree].self) {
            self = .list(list)
        } else {
            self = .members(try value.decode([String: Tree].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .flag(let flag): try value.encode(flag)
        case .whole(let whole): try value.encode(whole)
        case .fraction(let fraction): try value.encode(fraction)
        case .text(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .members(let members): try value.encode(members)
        }
    }

    static func random(_ depth: Int, using generator: inout some RandomNumberGenerator) -> Tree {
        switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &generator) {
        case 0: .null
        case 1: .flag(.random(using: &generator))
        case 2: .whole(.random(in: .min ... .max, using: &generator) >> Int.random(in: 0..<64, using: &generator))
        case 3: .fraction(.random(in: -1e9...1e9, using: &generator) + 0.123)
        case 4: .text(text(using: &generator))
        case 5: .list((0..<Int.random(in: 0...4, using: &generator)).map { _ in random(depth - 1, using: &generator) })
        default:
            // More than a handful, so that they are found by a table too.
            .members(
                Dictionary(
                    (0..<Int.random(in: 0...20, using: &generator)).map {
                        ("\($0)" + text(using: &generator), random(depth - 2, using: &generator))
                    }
                ) { first, _ in first }
            )
        }
    }

    private static func text(using generator: inout some RandomNumberGenerator) -> String {
        let alphabet: [Character] = [
            "a", "\"", "\\", "/", "\n", "\u{0}", "\u{1F}", "\u{7F}", "é", "\u{2028}", "😀", "e\u{301}",
        ]
        return String(
            (0..<Int.random(in: 0...20, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! }
        )
    }
}

@Suite("JSON, written and read")
struct JSONRoundTripTests {
    @Test("is the same value again, and to Foundation too")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let tree = [Tree.random(4, using: &generator)]
            let bytes = try JSONValueEncoder.encode(tree)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(try Request.json(text).json(as: [Tree].self) == tree, "\(text)")
            #expect(try JSONDecoder().decode([Tree].self, from: Data(bytes)) == tree, "\(text)")
        }
    }

    @Test("by Foundation is read as Foundation reads it, indented or not, with every character escaped or not")
    func foreign() throws {
        var generator = SystemRandomNumberGenerator()
        for round in 0..<300 {
            let tree = [Tree.random(4, using: &generator)]
            let encoder = JSONEncoder()
            encoder.outputFormatting = round % 2 == 0 ? [.prettyPrinted] : []
            var text = String(decoding: try encoder.encode(tree), as: UTF8.self)
            if round % 3 == 0 {
                text = text.utf16.map {
                    $0 < 0x80 ? String(UnicodeScalar(UInt8($0))) : String(format: "\\u%04X", Int($0))
                }.joined()
            }
            #expect(try Request.json(text).json(as: [Tree].self) == tree, "\(text)")
        }
    }
}
