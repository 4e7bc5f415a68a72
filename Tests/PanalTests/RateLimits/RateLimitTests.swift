import Foundation
import Linux
import Synchronization
import Testing

@testable import Panal

@Suite("Rate limits")
struct RateLimitTests {
    private func table(_ text: String, slots: Int = 1) throws -> RateLimitTable {
        let table = try RateLimitTable("test", try #require(RateLimit(text)), slots: slots)
        for slot in 0..<slots { table.use(slot) }
        return table
    }

    private func key(_ number: UInt32) -> RateLimitKey { RateLimitKey(of: IPAddress(ipv4: number)) }

    /// The beginning of a window.
    private static let start = MonotonicInstant(nanoseconds: 3_600_000_000_000 * 1000)

    @Test(
        "are written as people do",
        arguments: [
            ("100/s", 100, 1, "100/s"), ("5000/m", 5000, 60, "5000/m"), ("20/10s", 20, 10, "20/10s"),
            ("7/1h", 7, 3600, "7/h"),
        ]
    )
    func text(text: String, count: Int, seconds: Int, shown: String) throws {
        let limit = try #require(RateLimit(text))
        #expect(limit.count == count && limit.window == .seconds(seconds) && "\(limit)" == shown)
    }

    @Test(
        "a window's count and the former's are one word, which moves on with the time, also where its numbers begin again"
    )
    func word() {
        var count = WindowCount(bits: 0)
        let last: UInt64 = (1 << 24) - 1
        for _ in 0..<3 { count.add(in: last) }
        #expect(count.counts(in: last) == (0, 3))
        count.add(in: last + 1)
        #expect(count.counts(in: last + 1) == (3, 1))
        #expect(count.counts(in: last) == (0, 3), "for who is late")
        count.add(in: last)
        #expect(count.counts(in: last + 1) == (4, 1), "who is late still counts")
        count.remove(in: last)
        count.remove(in: last + 1)
        #expect(count.counts(in: last + 1) == (3, 0))
        #expect(WindowCount(bits: count.bits) == count)
        #expect(count.counts(in: last + 3) == (0, 0))
        count.add(in: last + 3)
        #expect(count.counts(in: last + 3) == (0, 1))
        for _ in 0..<1_100_000 { count.add(in: last + 3) }
        #expect(count.counts(in: last + 3).current == (1 << 20) - 1, "no count runs into its neighbour")
    }

    @Test(
        "a cell in which nothing was counted yet, or nothing for months, counts from the next request on, however long the host has been up",
        arguments: [0, 1, 63, 1 << 23, (1 << 23) + 1, (1 << 24) - 65, (1 << 24) - 2, (1 << 24) - 1, 1 << 24, 1 << 40]
            as [UInt64]
    )
    func longUp(window: UInt64) {
        var fresh = WindowCount(bits: 0)
        fresh.add(in: window)
        #expect(fresh.counts(in: window) == (0, 1))
        for age: UInt64 in [2, 1 << 20, 1 << 22, 1 << 23, (1 << 24) - 65] {
            var old = WindowCount(bits: 0)
            old.add(in: window)
            old.add(in: window + age)
            #expect(old.counts(in: window + age) == (0, 1), "quiet for \(age) windows")
        }
    }

    @Test("limit on a host that has been up for years as they do on one that was just started")
    func upForYears() throws {
        for days in [0, 98, 150, 193, 1000] {
            let table = try table("5/s")
            let start = MonotonicInstant(nanoseconds: Int64(days) * 86_400_000_000_000)
            let admitted = (0..<20).count { _ in
                !table.admit(RateLimitKey(of: IPAddress("192.0.2.1")), slot: 0, at: start).isRefused
            }
            #expect(admitted == 5, "after \(days) days")
        }
    }

    @Test("admit as many as they say, then no more until the time that they name, and then at the rate")
    func sequence() throws {
        let table = try table("10/10s")
        func admit(_ milliseconds: Int) -> RateLimitReading {
            table.admit(key(1), slot: 0, at: Self.start + .milliseconds(milliseconds))
        }
        for left in (0..<10).reversed() {
            let reading = admit(9_000)
            #expect(!reading.isRefused && reading.remaining == left && reading.seconds == 1)
        }
        let refused = admit(9_000)
        // 10 in the window before count as 9 after a tenth of this one.
        #expect(refused.isRefused && refused.remaining == 0 && refused.seconds == 2)
        #expect(admit(10_999).isRefused)
        #expect(!admit(11_000).isRefused)
        #expect(admit(11_000).isRefused)
        #expect(!admit(12_000).isRefused)
        #expect(
            !table.admit(key(2), slot: 0, at: Self.start + .milliseconds(9_000)).isRefused,
            "others are not limited by it"
        )
        #expect(!admit(60_000).isRefused)
        #expect(admit(60_000).remaining == 8, "after some windows all is forgotten")
    }

    @Test(
        "in any span of time admit at most the count times one and the span in windows, however requests come",
        arguments: 0..<20
    )
    func anySpan(seed: UInt64) throws {
        var generator = Generator(state: seed)
        let table = try table("50/10s")
        var admitted: [Int] = []
        var time = 0
        while time < 60_000 {
            time += [0, 0, 0, 1, 5, 40, 300, 3000].randomElement(using: &generator) ?? 0
            if !table.admit(key(7), slot: 0, at: Self.start + .milliseconds(time)).isRefused { admitted.append(time) }
        }
        for first in admitted.indices {
            for last in first..<admitted.count {
                let span = Double(admitted[last] - admitted[first]) / 10_000
                #expect(Double(last - first + 1) <= 50 * (1 + span) + 0.001)
            }
        }
        for window in 0..<6 { #expect(admitted.count { $0 / 10_000 == window } <= 50) }
    }

    @Test(
        "with eight writers at the same time admit the count to the last one, and never one more",
        arguments: [1, 2, 3]
    )
    func writers(round: Int) throws {
        let table = try table("1000/h", slots: 8)
        let admitted = Atomic(0)
        let most = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { slot in
            for _ in 0..<4000 {
                let reading = table.admit(
                    RateLimitKey(of: IPAddress(ipv4: 1)),
                    slot: slot,
                    at: Self.start + .seconds(1800)
                )
                if !reading.isRefused {
                    let count = admitted.add(1, ordering: .relaxed).newValue
                    _ = most.max(count, ordering: .relaxed)
                }
            }
        }
        #expect(most.load(ordering: .relaxed) == 1000)
    }

    @Test("several threads of one writer count as one by one")
    func threads() throws {
        let table = try table("1000/h")
        let admitted = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<4000 where !table.admit(key(1), slot: 0, at: Self.start).isRefused {
                admitted.add(1, ordering: .relaxed)
            }
        }
        #expect(admitted.load(ordering: .relaxed) == 1000)
    }

    @Test("a million addresses take no more memory, get no more than their limit, and punish nobody else")
    func million() throws {
        let table = try table("60/h")
        for number in 0..<1_000_000 { _ = table.admit(key(UInt32(number)), slot: 0, at: Self.start) }
        // A million in 32,768 cells a row are 31 in each; that all four cells of somebody have 60 is less likely than 10^-22.
        var punished = 0
        for number in 0..<10_000 {
            if table.admit(key(0xC000_0000 + UInt32(number)), slot: 0, at: Self.start).isRefused { punished += 1 }
        }
        #expect(punished == 0)
        var admitted = 0
        for _ in 0..<200 where !table.admit(key(0xDEAD_BEEF), slot: 0, at: Self.start).isRefused { admitted += 1 }
        #expect((25...60).contains(admitted), "what others have counted shortens it, nothing lengthens it: \(admitted)")
    }

    @Test("who is at the limit, of a thousand addresses, takes nobody else along")
    func hotAddresses() throws {
        let table = try table("20/h")
        for number in 0..<1000 {
            for _ in 0..<25 { _ = table.admit(key(UInt32(number)), slot: 0, at: Self.start) }
        }
        // (1 - e^(-1000/32768))^4 is 8 in 10 million.
        let punished = (0..<10_000).count { number in
            table.admit(key(0xC000_0000 + UInt32(number)), slot: 0, at: Self.start).isRefused
        }
        #expect(punished <= 1)
    }

    @Test("go on with what the program before has counted, unless the windows are others")
    func former() throws {
        let table = try table("2/h")
        for _ in 0..<2 { #expect(!table.admit(key(1), slot: 0, at: Self.start).isRefused) }
        let limit = try #require(RateLimit("3/h"))
        let next = try #require(RateLimitTable(in: table.memory, limit, slots: 1))
        #expect(!next.admit(key(1), slot: 0, at: Self.start).isRefused)
        #expect(next.admit(key(1), slot: 0, at: Self.start).isRefused)
        #expect(RateLimitTable(in: table.memory, try #require(RateLimit("3/m")), slots: 1) == nil)
        #expect(RateLimitTable(in: table.memory, limit, slots: 2) == nil)
    }

    @Test("an IPv6 client is its /64 network, an IPv4 client its address, whichever way it came")
    func addresses() throws {
        func key(_ text: String) throws -> RateLimitKey {
            let address = try #require(IPAddress(text))
            return RateLimitKey(of: address)
        }
        #expect(try key("2001:db8::1") == key("2001:db8::ffff:1:2:3"))
        #expect(try key("2001:db8::1") != key("2001:db8:0:1::1"))
        #expect(try key("192.0.2.1") == key("::ffff:192.0.2.1"))
        #expect(try key("192.0.2.1") != key("192.0.2.2"))
        #expect(try key("0.0.0.0") != key("::"))
        #expect(RateLimitKey(of: nil) != (try key("0.0.0.1")))
    }

    @Test("the secret hash is SipHash-2-4, by its reference's vector for 16 bytes")
    func sipHash() {
        let hash = SipHash(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
        #expect(hash.hash(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908) == 0x3f2a_cc7f_57c2_9bdb)
    }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }
}
