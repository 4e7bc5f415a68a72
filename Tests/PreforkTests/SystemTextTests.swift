import Glibc
import Linux
import Testing

@testable import Prefork

@Suite("What the system says in its files")
struct SystemTextTests {
    @Test("out-of-memory kills are counted, in both versions of the file")
    func memoryEvents() {
        #expect(MemoryEvents.kills(in: "low 0\nhigh 0\nmax 9\noom 1\noom_kill 3\noom_group_kill 0\n") == 3)
        #expect(MemoryEvents.kills(in: "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n") == 2)
        #expect(MemoryEvents.kills(in: "") == nil)
    }

    @Test("the proportional share is the line Pss, in kilobytes")
    func memory() {
        let text = "55d0-7ffc ---p 00000000 00:00 0 [rollup]\nRss:   9000 kB\nPss:    1234 kB\nPss_Dirty:  100 kB\n"
        #expect(ProcessMemory.proportional(in: text) == 1234 * 1024)
        #expect(ProcessMemory.proportional(in: "Rss: 1 kB\n") == nil)
        #expect(ProcessMemory.proportional(of: 0) == nil)
    }

    @Test(
        "a worker's lead over the supervisor is what that holds and a tenth of the memory, within the kernel's thousand",
        arguments: [
            (12 << 20, 24 << 20, 600), (12 << 20, 16 << 20, 850), (8 << 20, 1 << 30, 108), (0, 24 << 20, 100),
            (12 << 20, nil, 100), (12 << 20, 8 << 20, 1000), (23 << 20, 24 << 20, 1000), (1, 0, 100),
        ] as [(Int, Int?, Int)]
    )
    func outOfMemoryScore(resident: Int, limit: Int?, difference: Int) {
        #expect(OutOfMemoryScore.difference(resident: resident, limit: limit) == difference)
    }

    @Test("a process knows how much it has in memory")
    func resident() {
        #expect(ProcessMemory.resident(of: getpid()) ?? 0 > 1 << 20)
        #expect(ProcessMemory.resident(of: 0) == nil)
    }

    @Test("LISTEN_FDS counts only for the process that LISTEN_PID names")
    func activation() throws {
        #expect(try SocketActivation.offered(pid: 7, listenPID: nil, listenFDs: "1") == nil)
        #expect(try SocketActivation.offered(pid: 7, listenPID: "8", listenFDs: "1") == nil)
        #expect(try SocketActivation.offered(pid: 7, listenPID: "7", listenFDs: "1") == 1)
        #expect(try SocketActivation.offered(pid: 7, listenPID: "7", listenFDs: "0") == nil)
        #expect(throws: ListenerError.self) {
            try SocketActivation.offered(pid: 7, listenPID: "7", listenFDs: "many")
        }
    }
}
