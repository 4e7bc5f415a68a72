import Glibc
import Testing
import Values

@testable import Telemetry

@Suite("On a terminal a log line")
struct TextLineTests {
    private let moment = Timestamp(microsecondsSinceEpoch: 1_795_490_055_007_000)

    private func text(isColoured: Bool = false, _ fill: (inout LogLine) -> Void) -> String {
        var line = LogLine()
        fill(&line)
        return String(decoding: TextLine(isColoured: isColoured).text(for: line.end()), as: UTF8.self)
    }

    @Test("is a sentence with its details behind it")
    func event() {
        let text = text { line in
            line.begin("warning", message: "worker exited", at: moment)
            line.field("worker", 17)
            line.field("how", "exited with code 1")
            line.field("empty", "")
            line.field("isLast", false)
        }
        #expect(
            text == "03:14:15.007 warning worker exited  worker=17 how=\"exited with code 1\" empty=\"\" isLast=false\n"
        )
    }

    @Test("that tells of a request says what was asked, what came of it, and the request's id")
    func request() {
        let text = text { line in
            line.begin("info", message: "request", at: moment)
            line.field("method", "GET")
            line.field("path", "/v1/rooms")
            line.field("status", 200)
            line.field("bytesIn", 40)
            line.field("durationMs", milliseconds: .microseconds(1234))
            line.field("requestId", "0b84")
        }
        #expect(text == "03:14:15.007 info  GET /v1/rooms 200 1.234 ms  requestId=0b84\n")
    }

    @Test("moves no cursor, whatever a client put into it")
    func controls() {
        let text = text { line in
            line.begin("info", message: "a \"quoted\" \\ message", at: moment)
            line.field("path", "\u{1b}[2J\n\r\u{7f}\u{9b}2J,\"a\":{}")
        }
        #expect(text == "03:14:15.007 info  a \"quoted\" \\ message  path=\"\\u001b[2J\\n\\r2J,\\\"a\\\":{}\"\n")
    }

    @Test("has a coloured level unless NO_COLOR is set")
    func colours() {
        let text = text(isColoured: true) { $0.begin("error", message: "no", at: moment) }
        #expect(text == "\u{1b}[2m03:14:15.007\u{1b}[0m \u{1b}[31merror\u{1b}[0m no\n")
    }

    @Test("cannot be made to show fields that nobody wrote, nor to turn the direction of text")
    func forged() {
        let text = text { line in
            line.begin("info", message: "a", at: moment)
            line.field("text", "a\" requestId=admin level=error \"b")
            line.field("other", "x\u{202E}y")
        }
        #expect(text == #"03:14:15.007 info  a  text="a\" requestId=admin level=error \"b" other=xy"# + "\n")
    }

    @Test("shows lists and objects as they are")
    func nested() {
        let line =
            #"{"time":"2026-11-24T03:14:15.007Z","level":"info","message":"ready","workers":[7,8],"a":{"b":"},","c":[]},"z":1}"#
        let text = TextLine(isColoured: false).text(for: Array((line + "\n").utf8))
        #expect(
            String(decoding: text, as: UTF8.self)
                == #"03:14:15.007 info  ready  workers=[7,8] a={"b":"},","c":[]} z=1"# + "\n"
        )
    }

    @Test(
        "that is no JSON object stays as it is",
        arguments: [
            "", "\n", "{", "{\"a\":", "{\"a\":1", "{\"a\":1,\n", "{\"a\":[1,2}\n", "{\"a\":1]}\n", "{\"a\\",
            "plain text\n",
        ]
    )
    func other(_ line: String) {
        #expect(TextLine(isColoured: false).text(for: Array(line.utf8)) == Array(line.utf8))
    }

    /// Both ends of a terminal (pts(4)): what is written to `side` can be read from `terminal`.
    private func pseudoterminal() throws -> (terminal: CInt, side: CInt) {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        var (unlocked, number) = (CInt(0), CInt(0))
        // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)), which Glibc's module leaves out.
        try #require(ioctl(terminal, 0x4004_5431, &unlocked) == 0)
        try #require(ioctl(terminal, 0x8004_5430, &number) == 0)
        let side = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(side >= 0)
        return (terminal, side)
    }

    @Test("is written by every writer of the process, and JSON wherever no terminal is")
    func outputs() throws {
        let (terminal, side) = try pseudoterminal()
        defer { [terminal, side].forEach { close($0) } }
        var line = LogLine()
        line.begin("info", message: "hello", at: moment)
        let bytes = line.end()

        LogOutput(NonBlockingDescriptor(of: side)).write(bytes.span)
        LogQueue(NonBlockingDescriptor(of: side)).append(bytes)
        var buffer = [UInt8](repeating: 0, count: 4096)
        var shown = ""
        while shown.ranges(of: "hello").count < 2 {
            let count = read(terminal, &buffer, buffer.count)
            try #require(count > 0)
            shown += String(decoding: buffer[..<count], as: UTF8.self)
        }
        #expect(!shown.contains("{"), "\(shown)")

        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        LogOutput(NonBlockingDescriptor(of: ends[1])).write(bytes.span)
        let count = read(ends[0], &buffer, buffer.count)
        #expect(Array(buffer[..<max(0, count)]) == bytes)
    }
}
