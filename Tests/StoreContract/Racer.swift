import Foundation
public import Stays
import Values

/// A process that races with others of its kind: what a small executable beside an adapter's tests becomes.
///
/// ```swift
/// @main enum StaysStoreRacer {
///     static func main() {
///         Racer.run { url in StaysStore(Database(try DatabaseURL(url), migrations: StaysStore.migrations)) }
///     }
/// }
/// ```
public enum Racer {
    /// Opens the store that the arguments name, waits for the start and does once what the race is about.
    /// - Parameter open: The adapter's constructor: from whatever text the test gave ``ProcessRace``.
    public static func run(_ open: (String) throws -> any StayStore) {
        do {
            try race(open)
        } catch {
            say("failed: \(error)")
        }
    }

    private static func race(_ open: (String) throws -> any StayStore) throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4 else {
            throw ContractViolation(description: "a racer is started by a test, with a location, a night and a key")
        }
        let store = try open(arguments[1])
        // Connected, and its statements known, before the start.
        _ = try store.rooms()
        let request = try wish("101", arguments[2], "\(unwrap(unwrap(CivilDate(arguments[2])).adding(days: 1)))")
        let key = try arguments[3].isEmpty ? nil : key(arguments[3], for: request)
        say("ready")
        // A byte for each comes when all are here.
        guard try FileHandle.standardInput.read(upToCount: 1)?.count == 1 else { return }
        say(try "\(ProcessRace.Outcome(store.ask(request, key)))")
    }

    /// One line in one write, which does not mix with those of others.
    private static func say(_ line: String) {
        let line = line.split(whereSeparator: \.isNewline).joined(separator: " ")
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
