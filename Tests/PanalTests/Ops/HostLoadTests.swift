import Telemetry
import Testing

@testable import Panal

@Suite("What the kernel says of the host")
struct HostLoadTests {
    @Test("the load over one, five and fifteen minutes, or nothing")
    func load() {
        let readings = HostLoad.load("0.20 1.18 12.00 1/80 11206\n")
        #expect(readings.map(\.series.name) == ["system.load.1m", "system.load.5m", "system.load.15m"])
        let values = readings.compactMap { reading -> Double? in
            if case .number(let number) = reading.value { number } else { nil }
        }
        #expect(values == [0.2, 1.18, 12])
        #expect(HostLoad.load(nil).isEmpty && HostLoad.load("").isEmpty)
    }

    @Test("TCP sockets by state, of both families")
    func sockets() {
        let text = "sockets: used 9\nTCP: inuse 5 orphan 1 tw 2 alloc 6 mem 1\nUDP: inuse 3 mem 0\n"
        #expect(Dictionary(uniqueKeysWithValues: HostLoad.tcp(text)) == ["in use": 5, "orphan": 1, "time wait": 2])
        #expect(HostLoad.tcp("TCP6: inuse 3\nUDP6: inuse 1\n").map(\.1) == [3])
        #expect(HostLoad.tcp("").isEmpty)
    }
}
