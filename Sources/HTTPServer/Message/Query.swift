/// The parameters of a request target, read where they stand: nothing is decoded before it is asked for.
///
/// Names and values are percent-decoded and `+` is a space, as forms send it. Escapes were checked when the request
/// came: a malformed one, or one that is not UTF-8, was answered 400.
public struct Query: Sendable {
    let record: RequestRecord

    /// The query as it came, without the `?`; empty when there was none.
    public var raw: String { record.string(record.head.query) }

    /// The first value of a parameter; `""` for one without `=`, `nil` when there is none.
    public subscript(name: String) -> String? {
        record.withQuery { query in
            var parameters = QueryParameters()
            while let parameter = parameters.next(in: query) {
                if PercentEncoding.form.decodes(query.extracting(parameter.name), to: name) {
                    return PercentEncoding.form.decode(query.extracting(parameter.value))
                }
            }
            return nil
        }
    }

    /// All values of a parameter in their order.
    public func values(for name: String) -> [String] {
        record.withQuery { query in
            var values: [String] = []
            var parameters = QueryParameters()
            while let parameter = parameters.next(in: query) {
                if PercentEncoding.form.decodes(query.extracting(parameter.name), to: name) {
                    values.append(PercentEncoding.form.decode(query.extracting(parameter.value)))
                }
            }
            return values
        }
    }

    /// All parameters in their order.
    public var parameters: [(name: String, value: String)] {
        record.withQuery { query in
            var all: [(name: String, value: String)] = []
            var parameters = QueryParameters()
            while let parameter = parameters.next(in: query) {
                all.append(
                    (
                        PercentEncoding.form.decode(query.extracting(parameter.name)),
                        PercentEncoding.form.decode(query.extracting(parameter.value))
                    )
                )
            }
            return all
        }
    }
}

/// Walks the `name=value` pairs of a raw query. Empty pairs (`a=1&&b=2`) are skipped.
struct QueryParameters {
    private var position = 0

    mutating func next(in query: Span<UInt8>) -> (name: Range<Int>, value: Range<Int>)? {
        while position < query.count {
            let start = position
            var end = start
            var separator: Int?
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if separator == nil, query[end] == UInt8(ascii: "=") { separator = end }
                end += 1
            }
            position = end + 1
            guard end > start else { continue }
            let nameEnd = separator ?? end
            return (start..<nameEnd, (separator.map { $0 + 1 } ?? end)..<end)
        }
        return nil
    }
}
