import FoundationEssentials
import Stays
import Testing
import Values

@Suite("what clients send")
struct NewBookingTests {
    private func booking(from: String = "2027-01-10", to: String) throws -> NewBooking {
        let json =
            #"{"roomId":"101","from":"\#(from)","to":"\#(to)","guests":2,"#
            + #""guest":{"name":" Ada Lovelace ","email":"ada@example.org"}}"#
        return try JSONDecoder().decode(NewBooking.self, from: Data(json.utf8))
    }

    private func errors(_ input: some CrossChecked) -> [FieldError] {
        var validator = Validator()
        input.check(&validator)
        return validator.errors
    }

    @Test("a wish to book becomes a request")
    func request() throws {
        let booking = try booking(to: "2027-01-12")
        #expect(errors(booking) == [])
        let request = booking.request
        #expect(request.roomID.text == "101")
        #expect(request.stay.nights == 2)
        #expect(request.guests == 2)
        #expect(request.guest.name == "Ada Lovelace")
        #expect(request.guest.email.text == "ada@example.org")
    }

    @Test(
        "a departure that is not 1 to 30 nights after the arrival is named",
        arguments: [
            ("2027-01-10", "must be after from: it is the day of departure"),
            ("2027-01-09", "must be after from: it is the day of departure"),
            ("2027-02-10", "must be at most 30 nights after from"),
        ]
    )
    func stay(to: String, detail: String) throws {
        let booking = try booking(to: to)
        #expect(errors(booking) == [FieldError(field: "to", detail: detail)])
        let text = #"{"from":"2027-01-10","to":"\#(to)","guests":2}"#
        let query = try JSONDecoder().decode(AvailabilityQuery.self, from: Data(text.utf8))
        #expect(errors(query) == errors(booking))
    }

    @Test("the longest stay is no fault")
    func longest() throws {
        #expect(errors(try booking(to: "2027-02-09")) == [])
        #expect(try booking(to: "2027-02-09").request.stay.nights == Stay.longest)
    }
}
