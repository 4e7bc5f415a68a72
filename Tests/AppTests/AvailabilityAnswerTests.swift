import Foundation
import Panal
import Stays
import Testing
import Values

@testable import App

@Suite("What a partner answers")
struct AvailabilityAnswerTests {
    private func query() throws -> AvailabilityQuery {
        let from = try #require(CivilDate("2030-01-10"))
        let to = try #require(CivilDate("2030-01-12"))
        let stay = try #require(Stay(from: from, to: to))
        let guests = try #require(WholeNumber<1, 20>(2))
        return AvailabilityQuery(stay: stay, guests: guests)
    }

    private func offers(_ json: String) throws -> [RoomOffer] {
        try JSONDecoder().decode(AvailabilityAnswer.self, from: Data(json.utf8)).offers(to: query(), of: "sea-view")
    }

    private func room(
        _ id: String = "101",
        name: String = "Attic",
        capacity: Int = 2,
        price: String = "10.00",
        total: String = "20.00"
    ) -> String {
        #"{"id":"\#(id)","name":"\#(name)","capacity":\#(capacity),"pricePerNight":{"amount":"\#(price)","currency":"EUR"},"#
            + #""total":{"amount":"\#(total)","currency":"EUR"}}"#
    }

    private func answer(_ rooms: [String], from: String = "2030-01-10", to: String = "2030-01-12", guests: Int = 2)
        -> String
    {
        #"{"from":"\#(from)","to":"\#(to)","guests":\#(guests),"rooms":[\#(rooms.joined(separator: ","))]}"#
    }

    @Test("is its rooms, with its name")
    func sensible() throws {
        let found = try offers(answer([room(), room("102", capacity: 4)]))
        #expect(found.map(\.room.id.text) == ["101", "102"])
        #expect(found.allSatisfy { $0.hotel == "sea-view" })
        #expect(try offers(answer([])) == [])
    }

    @Test("is refused whole when a part of it is not sensible")
    func notSensible() throws {
        let bad = [
            answer([room()], from: "2030-01-09"), answer([room()], to: "2030-01-13"), answer([room()], guests: 1),
            answer([room(), room()]), answer([room("102"), room(capacity: 1)]), answer([room(capacity: 21)]),
            answer([room(total: "20.01")]), answer([room(price: "-1.00", total: "-2.00")]),
            answer([room(price: "99999999999.00", total: "199999999998.00")]), answer([room(name: " ")]),
            answer([room(name: String(repeating: "n", count: 81))]), answer([room(name: "a\\nb")]),
            answer([room("UPPER")]), answer([room(price: "1,00")]), "{}", "[]", "null",
            answer((1...1001).map { room("r\($0)") }),
        ]
        for json in bad { #expect(throws: (any Error).self, "\(json.prefix(300))") { try offers(json) } }
    }
}
