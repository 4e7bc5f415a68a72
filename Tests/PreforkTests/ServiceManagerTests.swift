import Linux
import Testing

@testable import Prefork

@Suite("A service manager's variables")
struct ServiceManagerVariablesTests {
    @Test("a watchdog is told at half of its time, and only by the process that it watches")
    func watchdog() {
        func interval(_ microseconds: String?, _ pid: String? = nil) -> Duration? {
            ServiceManager.watchdogInterval(microseconds: microseconds, pid: pid, of: 42)
        }
        #expect(interval("30000000") == .seconds(15))
        #expect(interval("30000000", "42") == .seconds(15))
        #expect(interval("30000000", "43") == nil)
        #expect(interval("30000000", "me") == nil)
        #expect(interval(nil) == nil)
        for faulty in ["", "0", "1", "-5", "soon"] { #expect(interval(faulty) == nil) }
    }

    @Test("without a socket that could be there is nobody to tell", arguments: [nil, "", "x", "vsock:2:1", "unix:/x"])
    func nobody(_ socket: String?) {
        let manager = ServiceManager({ $0 == "NOTIFY_SOCKET" ? socket : nil }, at: .now)
        #expect(manager == nil)
    }

    @Test("who has no watchdog is woken for nothing")
    func quiet() {
        let manager = ServiceManager({ $0 == "NOTIFY_SOCKET" ? "/nowhere/notify" : nil }, at: .now)
        #expect(manager != nil)
        #expect(manager?.nextDeadline == nil)
    }
}
