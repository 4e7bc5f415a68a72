import HTTPServer

/// What is left for who sent a request, as the field `RateLimit` says it (draft-ietf-httpapi-ratelimit-headers-10, section 4).
struct RateLimitReadings: Sendable, RequestContextKey {
    typealias Value = RateLimitReadings

    private(set) var text = ""

    func adding(_ reading: RateLimitReading, _ name: String) -> RateLimitReadings {
        let item = "\"\(name)\";r=\(reading.remaining);t=\(reading.seconds)"
        return RateLimitReadings(text: text.isEmpty ? item : text + ", " + item)
    }
}
