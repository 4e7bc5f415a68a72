import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("What was sent to a worker that does not read it")
    struct PassingTests {
        /// What the service wrote: its notices, and who answered.
        private func lines(_ moment: String) throws -> [Substring] {
            let ended = try Finished.running([Binary.passing.path, moment])
            #expect(ended.exit == .code(0), "\(ended.output)\(ended.errors)")
            let lines = ended.output.split(separator: "\n")
            #expect(lines.count { $0.hasPrefix("what was sent is answered") } == 1, "\(ended.output)")
            return lines
        }

        @Test("a worker dies, and its successor takes long to boot: a sibling answers meanwhile")
        func death() throws {
            let lines = try lines("death")
            #expect(lines.count { $0 == "worker started" } == 3 && lines.count { $0 == "worker ready" } == 2)
        }

        @Test("a worker has left for good: a sibling answers, whenever it was sent")
        func shrink() throws {
            let lines = try lines("shrink")
            #expect(lines.count { $0 == "worker started" } == 2)
        }

        @Test("everybody leaves: one more worker answers before the service ends")
        func stop() throws {
            let lines = try lines("stop")
            #expect(lines.count { $0 == "worker started" } == 3)
        }

        @Test("a worker of the former program sends it to one of the next")
        func upgrade() throws {
            let lines = try lines("upgrade")
            #expect(lines.contains("upgrade taken over"))
            #expect(lines.contains("what was sent is answered in generation 2"))
        }
    }
}
