import Glibc
import Linux
import Testing

@testable import Telemetry

@Suite("Log lines that are collected")
struct CollectedLinesTests {
    /// A socket that keeps the borders of writes, so that they can be counted.
    private final class Writes {
        let input: CInt
        private let output: CInt

        init(_ kind: __socket_type = SOCK_SEQPACKET) throws {
            var ends: [CInt] = [0, 0]
            try #require(socketpair(AF_UNIX, CInt(kind.rawValue), 0, &ends) == 0)
            (output, input) = (ends[0], ends[1])
            _ = fcntl(output, F_SETFL, O_NONBLOCK)
        }

        deinit {
            close(output)
            close(input)
        }

        /// What was written since the last time, write by write.
        func next() -> [String] {
            var writes: [String] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while case let count = read(output, &buffer, buffer.count), count > 0 {
                writes.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
            return writes
        }
    }

    private func collect(_ line: String, in output: LogOutput) { output.collect(Array((line + "\n").utf8).span) }

    @Test("leave in one write, in their order")
    func flush() throws {
        let writes = try Writes()
        let output = LogOutput(NonBlockingDescriptor(of: writes.input))
        output.flush()
        for number in 0..<50 { collect("line \(number)", in: output) }
        #expect(writes.next().isEmpty)
        output.flush()
        #expect(writes.next() == [(0..<50).map { "line \($0)\n" }.joined()])
        output.flush()
        #expect(writes.next().isEmpty)
    }

    @Test("leave when the next does not fit beside them: no write is longer than a pipe takes whole, or cuts a line")
    func full() throws {
        let writes = try Writes()
        let output = LogOutput(NonBlockingDescriptor(of: writes.input))
        var seen: [String] = []
        var lines: [String] = []
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let length = Int.random(in: 1..<LogLine.maximumLength / Int.random(in: 1...30), using: &generator)
            lines.append(String(repeating: "x", count: length))
            collect(lines[lines.count - 1], in: output)
            seen += writes.next()
        }
        output.flush()
        seen += writes.next()
        #expect(seen.joined() == lines.map { $0 + "\n" }.joined())
        #expect(seen.allSatisfy { $0.utf8.count <= 4096 && $0.hasSuffix("\n") })
        // What could have gone with the write before it went there.
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.count + $1.prefix { $0 != "\n" }.count + 1 > 4096 })
    }

    @Test("of exactly what a pipe takes whole leave in one write, and longer text in one of its own")
    func borders() throws {
        let writes = try Writes()
        let output = LogOutput(NonBlockingDescriptor(of: writes.input))
        for _ in 0..<2 { collect(String(repeating: "x", count: 2047), in: output) }
        #expect(writes.next().isEmpty)
        collect("y", in: output)
        #expect(writes.next().map(\.utf8.count) == [4096])
        output.write([UInt8](repeating: UInt8(ascii: "z"), count: 10_000).span)
        #expect(writes.next().map(\.utf8.count) == [2, 10_000])
    }

    @Test("leave before a line that is written at once, with it")
    func order() throws {
        let writes = try Writes()
        let output = LogOutput(NonBlockingDescriptor(of: writes.input))
        collect("first", in: output)
        output.write(Array("second\n".utf8).span)
        #expect(writes.next() == ["first\nsecond\n"])
        var line = LogLine()
        line.begin("info", message: "third", at: .now())
        line.end(collectedBy: output)
        #expect(writes.next().isEmpty)
        output.reportDropped()
        let last = writes.next()
        #expect(last.count == 1 && last[0].contains("third"), "a process that ends writes what it has")
    }

    @Test("are counted line by line when the reader does not take them")
    func dropped() throws {
        let writes = try Writes()
        let output = LogOutput(NonBlockingDescriptor(of: writes.input))
        // Until there is no room.
        while output.droppedLines == 0 { output.write(Array("filler\n".utf8).span) }
        let before = output.droppedLines
        for number in 0..<7 { collect("line \(number)", in: output) }
        output.flush()
        #expect(output.droppedLines == before + 7)
        _ = writes.next()
        collect("taken", in: output)
        output.flush()
        let after = writes.next()
        try #require(after.count == 2)
        #expect(after[0].contains(#""message":"log lines dropped","count":\#(before + 7),"#))
        #expect(after[1] == "taken\n")
        #expect(output.droppedLines == 0)
    }

    @Test("of which a socket took a part are counted from the one that was cut")
    func cut() throws {
        let writes = try Writes(SOCK_STREAM)
        let output = LogOutput(NonBlockingDescriptor(of: writes.input))
        // More than the socket holds, in one write that it takes a part of.
        let lines = (0..<100_000).map { "line \($0)\n" }
        output.write(Array(lines.joined().utf8).span)
        let dropped = output.droppedLines
        let taken = writes.next().joined()
        let whole = taken.split(separator: "\n", omittingEmptySubsequences: false).dropLast().count
        #expect(dropped > 0 && whole > 0)
        #expect(whole + dropped == lines.count)
        collect("next", in: output)
        output.flush()
        let rest = (taken + writes.next().joined()).split(separator: "\n")
        #expect(rest.last == "next", "what was cut is ended first")
    }

    @Test("of several threads are whole, and each thread's in their order")
    func threads() throws {
        let writes = try Writes()
        let output = LogOutput(NonBlockingDescriptor(of: writes.input))
        let threads = try (0..<4).map { name in
            try Thread.start {
                for number in 0..<300 {
                    output.collect(Array("\(name) \(number)\n".utf8).span)
                    if number % 50 == 0 { output.flush() }
                }
                output.flush()
            }
        }
        for thread in threads { thread.join() }
        let lines = writes.next().joined().split(separator: "\n").map { line in
            line.split(separator: " ").compactMap { Int($0) }
        }
        for name in 0..<4 {
            #expect(lines.filter { $0.first == name }.map { $0.last } == (0..<300).map { $0 })
        }
        #expect(lines.count == 1200)
    }

    @Test("reach a terminal as lines for people")
    func terminal() throws {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        var (unlocked, number) = (CInt(0), CInt(0))
        // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)), which Glibc's module leaves out.
        try #require(ioctl(terminal, 0x4004_5431, &unlocked) == 0 && ioctl(terminal, 0x8004_5430, &number) == 0)
        let side = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(side >= 0)
        defer { close(side) }
        let output = LogOutput(NonBlockingDescriptor(of: side))
        for name in ["one", "two", "end"] {
            var line = LogLine()
            line.begin("info", message: name, at: .now())
            line.end(collectedBy: output)
        }
        output.flush()
        var buffer = [UInt8](repeating: 0, count: 4096)
        var shown = ""
        while !shown.contains("end\r\n") {
            let count = read(terminal, &buffer, buffer.count)
            try #require(count > 0)
            shown += String(decoding: buffer[..<count], as: UTF8.self)
        }
        #expect(!shown.contains("{") && shown.split(separator: "\r\n").count == 3, "\(shown)")
    }
}
