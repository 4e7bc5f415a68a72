import ArgumentParser
import SQL
import Stays
import StaysStore

/// `App seed`: a small hotel to look at.
struct Seed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Add the rooms of a small hotel; rooms that are there already stay as they are."
    )

    func run() throws {
        let database = Database(Settings.orExit().databaseURL, migrations: StaysStore.migrations)
        let added = try StaysStore(database).add(SampleHotel.rooms)
        print("added \(added) of \(SampleHotel.rooms.count) rooms")
    }
}
