/// The values for a statement's parameters, by name.
///
/// ```swift
/// try database.run("DELETE FROM room WHERE id = :id", ["id": id])
/// // Each field of a value for the parameter of its name: `:id`, `:name`, `:price_per_night` from `pricePerNight`.
/// try database.run("INSERT INTO room (id, name) VALUES (:id, :name)", Parameters(of: room))
/// try database.run("UPDATE room SET name = :name WHERE id = :id", Parameters(of: change).adding(["id": id]))
/// ```
///
/// Each of the statement's parameters must be given. A name in a list that the statement does not have is a mistake and
/// refused; a field of a value that no parameter asks for is left out.
public struct Parameters: ExpressibleByDictionaryLiteral {
    private var values: [(name: String, value: DatabaseValue)]
    private var fields: [(name: String, value: DatabaseValue)] = []

    /// Values by name, without the colon.
    public init(dictionaryLiteral elements: (String, any ColumnValue)...) {
        values = elements.map { ($0, $1.databaseValue) }
    }

    /// The fields of a value by their names, as its `encode(to:)` writes them; `pricePerNight` is for the parameter of that
    /// name and for `:price_per_night`.
    /// - Throws: `DatabaseError.failed` when a field is an object or an array, which no parameter takes.
    public init(of value: some Encodable) throws(DatabaseError) {
        values = []
        fields = try FieldEncoder.fields(of: value)
    }

    /// These and others, which come first when a name stands in both.
    public func adding(_ others: Parameters) -> Parameters {
        var sum = others
        sum.values += values.filter { own in !others.values.contains { $0.name == own.name } }
        sum.fields += fields
        return sum
    }

    @usableFromInline
    func bind(to statement: Statement) throws(DatabaseError) {
        let names = statement.parameterNames
        for index in names.indices {
            let name = names[index]
            if let given = values.first(where: { $0.name == name }) ?? fields.first(where: { $0.name == name })
                ?? fields.first(where: { SnakeCase.of($0.name) == name })
            {
                try statement.bind(given.value, at: index)
            } else {
                throw .failed("no value was given for :\(name) of: \(statement.sql)")
            }
        }
        if let unknown = values.first(where: { !names.contains($0.name) }) {
            throw .failed("there is no parameter :\(unknown.name) in: \(statement.sql)")
        }
    }
}
