import HTTPServer
import HTTPTypes

/// The profiles of HttpArena that an HTTP/1.1 server without TLS, compression and database can take part in:
/// baseline, pipelined, limited-conn, json, upload, static.
extension Router {
    mutating func addArena(items: [Item], files: String) {
        get("/baseline11") { request in .text(String(sum(of: request))) }
        post("/baseline11", maxBodySize: 1024) { request in
            guard let addend = Int(String(decoding: request.body, as: UTF8.self)) else {
                throw Problem(.badRequest, detail: "The body is a whole number.")
            }
            return .text(String(sum(of: request) &+ addend))
        }
        get("/pipeline") { _ in .text("ok") }
        get("/json/{count}") { request in
            guard let count = request.parameters["count"].flatMap({ Int($0) }), (0...items.count).contains(count),
                let factor = request.query["m"].flatMap({ Int($0) })
            else {
                throw Problem(.badRequest, detail: "Ask for /json/{count}?m={factor}, at most \(items.count) items.")
            }
            return .json { json in
                json.object { json in
                    json.key("items")
                    json.array { json in
                        for item in items.prefix(count) { item.write(to: &json, factor: factor) }
                    }
                    json.member("count", count)
                }
            }
        }
        post("/upload", body: .streamed) { request in
            let body = request.bodyReader
            var count = 0
            while let piece = try body.next() { count += piece.count }
            return .text(String(count))
        }
        get("/static/{name}") { request in
            // No name leads out of the folder: a segment has no slash, and "." and ".." are no files.
            guard let name = request.parameters["name"], !name.hasPrefix("."), !name.contains("/"),
                let bytes = contents(of: files + "/" + name)
            else { throw Problem(.notFound, detail: "There is no such file.") }
            return Response(contentType: mediaType(of: name), body: .bytes(bytes))
        }
    }
}

private func sum(of request: Request) -> Int {
    let query = request.query
    return (query["a"].flatMap { Int($0) } ?? 0) &+ (query["b"].flatMap { Int($0) } ?? 0)
}

private func mediaType(of name: String) -> ContentType? {
    let type =
        switch name.split(separator: ".").last {
        case "css": "text/css"
        case "js": "application/javascript"
        case "html": "text/html"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        case "webp": "image/webp"
        case "woff2": "font/woff2"
        default: "application/octet-stream"
        }
    return ContentType(type)
}
