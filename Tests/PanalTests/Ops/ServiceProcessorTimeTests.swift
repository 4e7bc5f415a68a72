import Glibc
import Prefork
import Testing

@testable import Panal
@testable import ProcessHarness

@Suite("The processor time of a service")
struct ServiceProcessorTimeTests {
    /// A child that computes until it is killed.
    private func computing() throws -> pid_t {
        try Spawned(
            ["sh", "-c", "while :; do :; done"],
            environment: ["PATH": Binary.searchPath],
            output: 2,
            errors: 2
        ).pid
    }

    @Test("does not go back when a process ends, whether it has been waited for or not")
    func ends() throws {
        let time = ServiceProcessorTime()
        var last = 0.0
        func look(_ children: [pid_t]) {
            let now = time.read(supervisor: getpid(), known: children)
            #expect(now >= last)
            last = now
        }
        for _ in 0..<3 {
            let child = try computing()
            let begin = last
            while last < begin + 0.2 { look([child]) }
            let former = last
            kill(child, SIGKILL)
            look([child])
            waitpid(child, nil, 0)
            look([])
            #expect(last >= former)
        }
    }
}
