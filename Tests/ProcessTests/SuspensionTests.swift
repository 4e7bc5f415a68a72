import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("A host that was suspended")
    struct SuspensionTests {
        /// What a suspension does to the clocks of Linux, without one: CLOCK_BOOTTIME counts it, CLOCK_MONOTONIC does not.
        private final class Suspension {
            private let directory: TemporaryDirectory
            private var sign: String { directory.path + "/suspended" }
            var library: String { directory.path + "/suspension.so" }

            init() throws {
                directory = try TemporaryDirectory()
                let source = """
                    #define _GNU_SOURCE
                    #include <sys/syscall.h>
                    #include <time.h>
                    #include <unistd.h>
                    int clock_gettime(clockid_t clock, struct timespec *time) {
                        int result = syscall(SYS_clock_gettime, clock, time);
                        if (result == 0 && clock == CLOCK_BOOTTIME && access("\(sign)", F_OK) == 0) time->tv_sec += 86400;
                        return result;
                    }
                    """
                let file = directory.path + "/suspension.c"
                try Suspension.write(source, to: file)
                let compiled = try Finished.running([
                    "cc", "-shared", "-fPIC", "-O1", "-o", library, file,
                ])
                guard compiled.exit == .code(0) else { throw Spawned.Failure(description: compiled.errors) }
            }

            /// The host wakes after a day.
            func pass() throws { try Suspension.write("", to: sign) }

            private static func write(_ text: String, to path: String) throws {
                let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                defer { close(descriptor) }
                guard descriptor >= 0, Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else {
                    throw Spawned.Failure(description: "cannot write \(path): errno \(errno)")
                }
            }
        }

        @Test(
            "gives each request its whole time: a write waits for another writer and is made",
            .needs(.cc)
        )
        func deadlines() throws {
            let suspension = try Suspension()
            let service = try Service(workers: 1, environment: ["LD_PRELOAD": suspension.library])
            let worker = try #require(service.workers.first)
            try suspension.pass()

            let writer = try Database(service.databasePath)
            try writer.query("BEGIN IMMEDIATE")
            let client = try service.connect()
            client.send(Note.write("late").bytes)
            // It waits for the lock, or has been refused already.
            let isUnderWay = eventually {
                ProcessTree.commandLine(of: worker).contains("busy POST") || client.peek() != .open
            }
            #expect(isUnderWay)
            try writer.query("ROLLBACK")
            #expect(client.receive().status == 201)
            #expect(try service.answer(.get("/notes/late")).status == 200)
            service.stop()
        }
    }
}
