import ArgumentParser
import Panal
import Stays
import StaysStore

/// `seed`: a small hotel to look at.
struct Seed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Add the rooms of a small hotel; rooms that are there already stay as they are."
    )

    func run() throws {
        let added = try StaysStore(App.dependenciesOrExit().database).add(SampleHotel.rooms)
        print("added \(added) of \(SampleHotel.rooms.count) rooms")
    }
}
