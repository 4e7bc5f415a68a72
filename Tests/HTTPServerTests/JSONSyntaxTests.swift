import FoundationEssentials
import Testing

@testable import HTTPServer

/// The cases that "Parsing JSON is a Minefield" made known, and those that follow from RFC 8259 for this service.
@Suite("JSON's syntax")
struct JSONSyntaxTests {
    private static func fault(_ bytes: [UInt8]) -> JSONSyntaxError? {
        do throws(JSONSyntaxError) {
            try JSONSyntax.check(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    private static let deepest = JSONSyntax.deepestNesting

    @Test(
        "takes what the grammar says",
        arguments: [
            "{}", "[]", "null", "true", "false", "0", "-0", "1", "-1", "\"\"", "\"a\"", " [ ] ", "\t\n\r {\t} \n",
            "[1]", "[1,2]",
            "[[[]],{}]", "[null,true,false]", "123", "-123456789012345678901234567890", "1.0", "0.5", "-0.0", "1e3",
            "1E3", "1e+3",
            "1e-3", "1.25E-12", "0e0", "0E+1", "1e999", #"{"":0}"#, #"{"a":1,"b":{"a":2}}"#, #"[{"a":1},{"a":1}]"#,
            #"{"a":{"a":{"a":1}},"b":1}"#, #"{"a":1,"A":2}"#, #""\" \\ \/ \b \f \n \r \t""#,
            #""\u0041\u00e9\u00E9\u0000""#,
            #""\uD834\uDD1E""#, #""\ud834\udd1e x""#, #"{"\u0061\n":1}"#, "\"é 語 😀 \u{7F} \u{2028}\"", "\"\u{FFFF}\"",
            "\"\u{10FFFF}\"",
            #"{"min":-1.0e+28,"max":1.0e+28}"#, "[\n]", "\"[,\"", #"{"a\u0000b":0}"#, #"["\\u"]"#,
            #"{"\\u0061":1,"a":2}"#,
            String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest),
            String(repeating: #"{"a":"#, count: deepest) + "1" + String(repeating: "}", count: deepest),
        ]
    )
    func good(text: String) {
        #expect(Self.fault(Array(text.utf8)) == nil)
    }

    @Test(
        "takes nothing else, and says where it ends",
        arguments: [
            ("", 0), (" ", 1), ("{", 1), ("[", 1), ("\"", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1),
            ("[1,,2]", 3), ("[,]", 1),
            ("[1 2]", 3), ("]", 0), ("}", 0), ("[}", 1), ("{]", 1), ("[1}", 2), (#"{"a":1]"#, 6), ("{,}", 1),
            (#"{"a"}"#, 4), (#"{"a":}"#, 5),
            (#"{"a":1,}"#, 7), (#"{"a":1,,"b":2}"#, 7), (#"{"a":1 "b":2}"#, 7), (#"{"a" 1}"#, 5), (#"{"a"::1}"#, 5),
            ("{a:1}", 1), ("{'a':1}", 1),
            ("{1:1}", 1), ("{null:1}", 1), (#"{"a":1}}"#, 7), ("{} {}", 3), ("1 2", 2), ("[] x", 3), ("null,", 4),
            ("{}\0", 2), ("nul", 0),
            ("nulL", 0), ("True", 0), ("TRUE", 0), ("undefined", 0), ("NaN", 0), ("Infinity", 0), ("-Infinity", 1),
            ("-", 1), ("+1", 0),
            ("--1", 1), ("01", 1), ("-01", 2), ("00", 1), ("1.", 2), (".5", 0), ("-.5", 1), ("1.e1", 2), ("1e", 2),
            ("1e+", 3), ("1e1.5", 3),
            ("1e+-1", 3), ("0x1F", 1), ("1_000", 1), ("1f", 1), ("0.1.2", 3), ("１", 0), ("'a'", 0), ("\"a", 2),
            (#""\""#, 3), (#""\x41""#, 2),
            (#""\a""#, 2), (#""\'""#, 2), (#""\u""#, 3), (#""\u12""#, 5), (#""\u00g0""#, 5), (#""\U0041""#, 2),
            (#""\u{41}""#, 3),
            ("\"a\nb\"", 2), ("\"a\tb\"", 2), ("\"\0\"", 1), ("\"\u{1F}\"", 1), (#""\ud800""#, 1), (#""\udc00""#, 1),
            (#""\ud800\ud800""#, 1),
            (#""\ud800x""#, 1), (#""\ud800\n""#, 1), (#""\udd1e\ud834""#, 1), (#""a\uDFAA""#, 2), ("// a\n1", 0),
            ("/* a */ 1", 0), ("1 // a", 2),
            ("[1]#", 3), ("\u{FEFF}{}", 0), ("\u{A0}1", 0), ("\u{0B}1", 0), ("\u{0C}[]", 0), ("\u{2060}1", 0),
            ("{\u{A0}}", 1), ("*", 0), ("<.>", 0),
            (String(repeating: "[", count: deepest + 1), deepest), (String(repeating: "[", count: 100_000), deepest),
            (String(repeating: #"{"a":"#, count: 100_000), deepest * 5),
        ] as [(String, Int)]
    )
    func bad(text: String, offset: Int) {
        #expect(Self.fault(Array(text.utf8))?.offset == offset)
    }

    @Test(
        "has one name once in an object, however it is written and however deep",
        arguments: [
            (#"{"a":1,"a":2}"#, 7), (#"{"a":1,"b":2,"a":1}"#, 13), (#"{"a":1,"\u0061":2}"#, 7),
            (#"{"\u00e9":1,"é":2}"#, 12), (#"{"":1,"":2}"#, 6),
            (#"[{"a":[{"b":1,"b":2}]}]"#, 14), (#"{"x":{"y":1},"z":[],"x":3}"#, 20), (#"{"\n":1,"\u000a":2}"#, 8),
            (#"{"\ud834\udd1e":1,"𝄞":2}"#, 18), (#"{"a/b":1,"a\/b":2}"#, 9),
            // Different bytes, but one key in a dictionary of Swift.
            ("{\"\u{e9}\":1,\"e\u{301}\":2}", 8),
        ]
    )
    func duplicates(text: String, offset: Int) {
        #expect(
            Self.fault(Array(text.utf8))
                == JSONSyntaxError(fault: "an object has two members of this name", offset: offset)
        )
    }

    @Test(
        "is UTF-8, whole characters only, without a byte order mark",
        arguments: [
            ([0xFF, 0xFE, 0x7B, 0, 0x7D, 0], 0), ([0xFE, 0xFF, 0, 0x7B, 0, 0x7D], 0), ([0x7B, 0, 0x7D, 0], 1),
            ([0, 0x7B, 0, 0x7D], 0),
            ([0x7B, 0, 0, 0, 0x7D, 0, 0, 0], 1), ([0xEF, 0xBB, 0xBF, 0x7B, 0x7D], 0), ([0x22, 0xE9, 0x22], 1),
            ([0x22, 0xC3], 1),
            ([0x22, 0xC0, 0x80, 0x22], 1), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),
            ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1),
            ([0x22, 0xE0, 0x80, 0xAF, 0x22], 1), ([0x22, 0x80, 0x22], 1), ([0x5B, 0xFF, 0x5D], 1), ([0xA0], 0),
        ] as [([UInt8], Int)]
    )
    func encodings(bytes: [UInt8], offset: Int) {
        #expect(Self.fault(bytes)?.offset == offset)
    }

    @Test("is read in time proportional to its length, also with very many members in one object")
    func manyMembers() {
        func object(_ names: some Sequence<Int>) -> [UInt8] {
            Array(("{" + names.map { "\"member-\($0)\":\($0)" }.joined(separator: ",") + "}").utf8)
        }
        // Two by two this would be ten thousand million comparisons.
        #expect(Self.fault(object(0..<100_000)) == nil)
        #expect(Self.fault(object(Array(0..<100_000) + [7]))?.fault == "an object has two members of this name")
    }

    /// Everything there is, for a decoder that must look at all of it.
    private indirect enum Anything: Decodable {
        case object([String: Anything]), array([Anything]), string(String), flag(Bool), null, number

        init(from decoder: any Decoder) throws {
            if let members = try? decoder.container(keyedBy: AnyKey.self) {
                self = .object(
                    try Dictionary(
                        uniqueKeysWithValues: members.allKeys.map {
                            ($0.stringValue, try members.decode(Anything.self, forKey: $0))
                        }
                    )
                )
            } else if var elements = try? decoder.unkeyedContainer() {
                var array: [Anything] = []
                while !elements.isAtEnd { array.append(try elements.decode(Anything.self)) }
                self = .array(array)
            } else {
                let value = try decoder.singleValueContainer()
                if value.decodeNil() {
                    self = .null
                } else if let flag = try? value.decode(Bool.self) {
                    self = .flag(flag)
                } else {
                    do {
                        self = .string(try value.decode(String.self))
                    } catch DecodingError.typeMismatch {
                        // Not asked for its value: there are numbers that no Double holds, and some (-0.0e+3) of which the
                        // decoder says that they are none.
                        self = .number
                    }
                }
            }
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    @Test("a text that it takes, JSONDecoder takes too, whatever was changed in it", arguments: 0..<20 as Range<UInt64>)
    func mutations(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let seeds = [
            #"{"roomId":"101","from":"2030-01-10","guests":2,"guest":{"name":"Ad\u00e1 \ud834\udd1e","email":"a@b.c"}}"#,
            #"[1,-0.5e+3,true,false,null,"\"\\\/\b\f\n\r\t",{"é":[],"":{}}]"#, " [ [ ] , { \"a\" : [ 0 ] } ] ",
        ].map { Array($0.utf8) }
        let spice =
            Array("{}[]\",:\\u0123456789abcdefDd.eE+-tfn \u{0}\u{1F}/'#é\u{FEFF}".utf8) + [
                0x80, 0xC3, 0xED, 0xA0, 0xFF,
            ]
        var taken = 0
        for _ in 0..<5_000 {
            var bytes = seeds.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = spice.randomElement(using: &generator)!
                case 1: bytes.insert(spice.randomElement(using: &generator)!, at: place)
                case 2: bytes.remove(at: place)
                default: bytes += bytes[place..<min(bytes.count, place + 8)]
                }
                if bytes.isEmpty { bytes = [0x30] }
            }
            guard Self.fault(bytes) == nil else { continue }
            taken += 1
            #expect(throws: Never.self, "\(String(decoding: bytes, as: UTF8.self))") {
                try JSONDecoder().decode(Anything.self, from: Data(bytes))
            }
        }
        #expect(taken > 100, "else this shows nothing")
    }
}
