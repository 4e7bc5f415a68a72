import HTTPServer
import HTTPTypes

/// What Http11Probe asks for: `/` and every path that its requests name, `/echo` and `/cookie`.
extension Router {
    mutating func addProbe() {
        let greeting: Handler = { _ in .text("OK") }
        let echo: Handler = { request in Response(contentType: .text, body: .bytes(request.body)) }
        for pattern in ["/", "/{one}", "/{one}/{two}"] {
            get(pattern, use: greeting)
            post(pattern, use: echo)
            for method in [HTTPRequest.Method.put, .patch, .delete] { on(method, pattern, use: greeting) }
        }
        for method in [HTTPRequest.Method.get, .post] {
            on(method, "/echo") { request in
                .text(
                    request.headerFields.reduce(into: "") { text, field in text += "\(field.name): \(field.value)\n" }
                )
            }
            on(method, "/cookie") { request in
                let pairs = request.headerFields[values: .cookie].joined(separator: ";").split(separator: ";")
                return .text(
                    pairs.map { pair in pair.drop { $0 == " " } }.filter {
                        $0.firstIndex(of: "=") ?? $0.startIndex > $0.startIndex
                    }
                    .map { "\($0)\n" }.joined()
                )
            }
        }
    }
}
