/// Requests as they come over the wire.
enum Messages {
    static let livez = "GET /livez HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"
    static let room = "GET /v1/rooms/101 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"
    static let missing = "GET /v1/rooms/101/towels HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"

    /// Fifteen fields, as browsers send them.
    static let browser = """
        GET /v1/rooms/101 HTTP/1.1\r
        Host: hotel.example.org\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r
        Accept-Language: en-GB,en;q=0.5\r
        Accept-Encoding: gzip, deflate, br, zstd\r
        Referer: https://hotel.example.org/rooms\r
        DNT: 1\r
        Connection: keep-alive\r
        Cookie: session=c2Vzc2lvbi1vZi1hLWd1ZXN0LXRoYXQtaXMtbG9uZw; theme=dark; consent=none\r
        Upgrade-Insecure-Requests: 1\r
        Sec-Fetch-Dest: document\r
        Sec-Fetch-Mode: navigate\r
        Sec-Fetch-Site: same-origin\r
        Priority: u=0, i\r
        Cache-Control: no-cache\r
        \r\n
        """

    static let query = """
        GET /v1/availability?from=2030-01-10&to=2030-01-12&guests=2&note=quiet%20room%2C+please HTTP/1.1\r
        Host: localhost:8080\r
        \r\n
        """

    /// A space before a colon: two servers in a row could read it differently.
    static let malformed = "GET /livez HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length : 5\r\n\r\nhello"

    static let booking = """
        {"roomId":"101","from":"2030-01-10","to":"2030-01-12","guests":2,\
        "guest":{"name":"Ada Lovelace","email":"ada@example.org"}}
        """

    static let bookingPost = post(body: booking)

    static let kilobyte = post(body: String(repeating: "0123456789abcdef", count: 64))

    /// The same kilobyte in four chunks.
    static let chunked =
        "POST /v1/bookings HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n"
        + String(repeating: "100\r\n" + String(repeating: "0123456789abcdef", count: 16) + "\r\n", count: 4)
        + "0\r\n\r\n"

    private static func post(body: String) -> String {
        "POST /v1/bookings HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
    }
}
