import Glibc
import Prefork
import Testing

@testable import Panal

@Suite("The processor time of a service")
struct ServiceProcessorTimeTests {
    /// A child that computes until it is killed.
    private func computing() -> pid_t {
        let child = fork()
        if child == 0 { while true {} }
        return child
    }

    @Test("does not go back when a process ends, whether it has been waited for or not")
    func ends() {
        let time = ServiceProcessorTime()
        var last = 0.0
        func look(_ children: [pid_t]) {
            let now = time.read(supervisor: getpid(), known: children)
            #expect(now >= last)
            last = now
        }
        for _ in 0..<3 {
            let child = computing()
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
