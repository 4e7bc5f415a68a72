import Values

/// Goes through the fields of a draft and remembers each fault, at most one for a field.
struct Review {
    private(set) var faults: [FieldError]

    /// A review of fields of which some are already known to be faulty (a number where text belongs): those are not
    /// judged again.
    init(known faults: [FieldError] = []) {
        self.faults = faults
    }

    mutating func reject(_ field: String, _ detail: String) {
        reject(FieldError(field: field, detail: detail))
    }

    mutating func reject(_ fault: FieldError) {
        guard !faults.contains(where: { $0.field == fault.field }) else { return }
        faults.append(fault)
    }

    /// The value of a field that must be there.
    mutating func require<Raw, Value>(
        _ field: String,
        _ raw: Raw?,
        _ expectation: String,
        _ read: (Raw) -> Value?
    ) -> Value? {
        guard let raw else {
            reject(field, "is missing; it " + expectation)
            return nil
        }
        guard let value = read(raw) else {
            reject(field, expectation)
            return nil
        }
        return value
    }

    /// The nights between two dates, of which the first does not come before a day.
    mutating func requireStay(from rawFrom: String?, to rawTo: String?, notBefore today: CivilDate? = nil) -> Stay? {
        let date = "must be a date of the calendar, written YYYY-MM-DD"
        let from = require("from", rawFrom, date) { CivilDate($0) }
        let to = require("to", rawTo, date) { CivilDate($0) }
        if let from, let today, from < today { reject(.pastArrival(today: today)) }
        guard let from, let to else { return nil }
        if to <= from {
            reject("to", "must be after from: it is the day of departure")
        } else if from.days(until: to) > Stay.longest {
            reject("to", "must be at most \(Stay.longest) nights after from")
        }
        return Stay(from: from, to: to)
    }

    /// How many people.
    mutating func requireGuests(_ raw: Int?) -> Int? {
        require("guests", raw, "must be a whole number from 1 to \(Room.largestCapacity)") {
            (1...Room.largestCapacity).contains($0) ? $0 : nil
        }
    }

    func finish() throws(InvalidInput) {
        if !faults.isEmpty { throw InvalidInput(faults) }
    }
}
