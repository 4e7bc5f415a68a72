import Glibc
import Testing

@testable import Telemetry

@Suite("A log reader that stalls")
struct StalledReaderTests {
    /// A pipe whose reader reads when told.
    private final class Pipe {
        let input: CInt
        let output: CInt

        init() throws {
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            (output, input) = (ends[0], ends[1])
            _ = fcntl(output, F_SETFL, O_NONBLOCK)
        }

        deinit {
            close(output)
            close(input)
        }

        /// All lines that are in it now.
        func read() -> [String] {
            var text: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = Glibc.read(output, &buffer, buffer.count)
                guard count > 0 else { break }
                text += buffer[..<count]
            }
            return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    private func line(_ number: Int) -> [UInt8] {
        var line = LogLine()
        line.begin("info", message: "line \(number)", at: .now())
        return line.end()
    }

    /// The count in a line that says how many were dropped.
    private func dropped(_ line: String) -> Int? {
        guard line.contains(#""message":"log lines dropped""#), let start = line.firstRange(of: #""count":"#) else {
            return nil
        }
        return Int(line[start.upperBound...].prefix { $0.isNumber })
    }

    @Test("holds nobody up for long: lines are dropped, and their number is said when it reads again")
    func output() throws {
        let pipe = try Pipe()
        let output = LogOutput(NonBlockingDescriptor(of: pipe.input))
        let began = ContinuousClock.now
        for number in 0..<5000 { output.write(line(number).span) }
        // One wait, after that none: five thousand waits would take minutes.
        let time = ContinuousClock.now - began
        #expect(time >= LogOutput.writeTimeout && time < .seconds(20), "\(time)")
        let before = pipe.read()
        output.write(line(5000).span)
        let after = pipe.read()
        #expect(after.count == 2)
        #expect(dropped(after[0]) == 5000 - before.count)
        #expect(after[1].contains("line 5000"))
        output.reportDropped()
        #expect(pipe.read().isEmpty, "it is said once")
    }

    @Test("hears how many lines were dropped from a process that ends without another one")
    func report() throws {
        let pipe = try Pipe()
        let output = LogOutput(NonBlockingDescriptor(of: pipe.input))
        for number in 0..<2000 { output.write(line(number).span) }
        output.reportDropped()
        let before = pipe.read()
        #expect(before.allSatisfy { dropped($0) == nil }, "there was no room for it")
        output.reportDropped()
        #expect(pipe.read().map(dropped) == [2000 - before.count])
    }

    @Test("finds the newest lines of a process that never waits, and the number of the oldest that are gone")
    func queue() throws {
        let pipe = try Pipe()
        let queue = LogQueue(NonBlockingDescriptor(of: pipe.input))
        #expect(queue.blockedDescriptor == nil)
        for number in 0..<5000 { queue.append(line(number)) }
        #expect(queue.blockedDescriptor != nil)
        var lines = pipe.read()
        let written = lines.count
        while queue.blockedDescriptor != nil {
            queue.flush()
            lines += pipe.read()
        }
        #expect(lines.count == written + 1 + LogQueue.limit)
        #expect(dropped(lines[written]) == 5000 - written - LogQueue.limit)
        #expect(lines[written - 1].contains("line \(written - 1)\""))
        #expect(lines[written + 1].contains("line \(5000 - LogQueue.limit)\""))
        #expect(lines.last?.contains("line 4999\"") == true)
    }

    @Test("finds whole lines behind one of which a socket took a part")
    func socket() throws {
        var ends: [CInt] = [0, 0]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let queue = LogQueue(NonBlockingDescriptor(of: ends[0]))
        let output = LogOutput(NonBlockingDescriptor(of: ends[0]))
        for number in 0..<3000 { queue.append(line(number)) }
        for number in 0..<3000 { output.write(line(number).span) }
        // Neither was waited for, though the socket waits by itself.
        #expect(fcntl(ends[0], F_GETFL) & O_NONBLOCK == 0)
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        repeat {
            queue.flush()
            let count = Glibc.read(ends[1], &buffer, buffer.count)
            if count > 0 { text += buffer[..<count] }
        } while queue.blockedDescriptor != nil
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        #expect(lines.contains { dropped(String($0)) != nil })
        #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }

    @Test("does not make others wait less who share its pipe")
    func shared() throws {
        let pipe = try Pipe()
        let descriptor = NonBlockingDescriptor(of: pipe.input)
        #expect(fcntl(descriptor.number, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(pipe.input, F_GETFL) & O_NONBLOCK == 0)
        close(descriptor.number)
    }
}
