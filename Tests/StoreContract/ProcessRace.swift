import Foundation
import Stays
import Values

/// Processes that want the same at the same time. Threads of one process may share what processes do not: a queue, a cache, a
/// lock of the adapter's own. Only the database coordinates these.
public struct ProcessRace: Sendable {
    private let racer: URL
    private let location: String
    private let store: any StoreUnderTest

    /// A race on a database.
    /// - Parameters:
    ///   - racer: The name of an executable that was built beside the tests and runs ``Racer``.
    ///   - location: What the racer opens its store from.
    ///   - store: The same database for this process.
    public init(_ racer: String, at location: String, store: any StoreUnderTest) throws {
        // The tests' own program lies in a bundle of which the executables are neighbours.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        let places = [bundle?.deletingLastPathComponent(), URL(fileURLWithPath: tests).deletingLastPathComponent()]
            .compactMap { $0?.appendingPathComponent(racer) }
        guard let found = places.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
            throw ContractViolation(description: "there is no \(racer) beside the tests; build it with them")
        }
        self.racer = found
        self.location = location
        self.store = store
    }

    /// What a racer says of its try, with the booking's identifier.
    enum Outcome: Hashable, CustomStringConvertible {
        case booked(String)
        case replayed(String)
        case refused(String)

        init(_ outcome: BookingOutcome) {
            self =
                switch outcome {
                case .booked(let booking): .booked("\(booking.id)")
                case .replayed(let booking): .replayed("\(booking.id)")
                case .nightsTaken(let nights): .refused("taken \(nights.map(\.description).joined(separator: " "))")
                case let other: .refused("\(other)")
                }
        }

        init(_ line: String) {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            let rest = words.count > 1 ? words[1] : ""
            self =
                switch words.first {
                case "booked": .booked(rest)
                case "replayed": .replayed(rest)
                default: .refused(line)
                }
        }

        var description: String {
            switch self {
            case .booked(let id): "booked \(id)"
            case .replayed(let id): "replayed \(id)"
            case .refused(let why): why
            }
        }
    }

    /// Twenty processes want one night: one gets it, and the others hear that it is taken.
    public func oneNight() throws {
        try store.open().add([sampleRoom("101")])
        let outcomes = try run(20, night: "2027-01-10", key: "")
        let booking = try unwrap(store.open().everything().first)
        try expectEqual(store.open().everything().count, 1)
        try expectEqual(outcomes.filter { $0 == .booked("\(booking.id)") }.count, 1)
        try expectEqual(outcomes.filter { $0 == .refused("taken 2027-01-10") }.count, 19)
    }

    /// Twenty processes send one request under one key: it is done once, and all get that booking.
    public func oneKey() throws {
        try store.open().add([sampleRoom("101")])
        let outcomes = try run(20, night: "2027-01-10", key: "same")
        let booking = try unwrap(store.open().everything().first)
        try expectEqual(store.open().everything().count, 1)
        try expectEqual(outcomes.filter { $0 == .booked("\(booking.id)") }.count, 1)
        try expectEqual(outcomes.filter { $0 == .replayed("\(booking.id)") }.count, 19)
    }

    /// Starts that many racers, lets them go when all are ready, and returns what they say.
    private func run(_ count: Int, night: String, key: String) throws -> [Outcome] {
        let (start, words) = (Pipe(), Pipe())
        let processes = try (0..<count).map { _ in
            let process = Process()
            process.executableURL = racer
            process.arguments = [location, night, key]
            process.standardInput = start.fileHandleForReading
            process.standardOutput = words.fileHandleForWriting
            try process.run()
            return process
        }
        defer { for process in processes where process.isRunning { process.terminate() } }
        // So that what they write ends when all have ended.
        try words.fileHandleForWriting.close()
        var lines = Lines(words.fileHandleForReading)
        for _ in processes { try expectEqual(lines.next(), "ready") }
        try start.fileHandleForWriting.write(contentsOf: Data(repeating: 1, count: count))
        let outcomes = try processes.map { _ in Outcome(try unwrap(lines.next())) }
        for process in processes { process.waitUntilExit() }
        return outcomes
    }

    /// What several processes write, line by line.
    private struct Lines {
        private let file: FileHandle
        private var rest = Data()

        init(_ file: FileHandle) { self.file = file }

        mutating func next() -> String? {
            while true {
                if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { rest = Data(rest[(end + 1)...]) }
                    return String(decoding: rest[..<end], as: UTF8.self)
                }
                let more = file.availableData
                guard !more.isEmpty else { return nil }
                rest += more
            }
        }
    }
}
