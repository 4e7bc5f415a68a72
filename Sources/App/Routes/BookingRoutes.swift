import HTTPServer
import HTTPTypes
import Panal
import Stays
import Values

/// The largest body that says what to book, in bytes: the longest names and addresses take a tenth of it.
private let largestBooking = 64 * 1024

extension Router {
    mutating func addBookings(_ hotel: Hotel) {
        get("/bookings") { request in try list(request, hotel) }
        post("/bookings", maxBodySize: largestBooking) { request in try book(request, hotel) }
        get("/bookings/{id}") { request in try show(request, hotel) }
        delete("/bookings/{id}") { request in try cancel(request, hotel) }
    }
}

private let noSuchBooking = Problem(.notFound, detail: "There is no such booking; GET /v1/bookings lists them.")

private func list(_ request: Request, _ hotel: Hotel) throws -> Response {
    let query = request.query
    let page = try PageDraft(limit: query["limit"], cursor: query["cursor"], room: query["room"]).request()
    let result = try hotel.store(request).bookings(page)
    var response = Response.json { json in
        json.object { json in
            json.key("bookings")
            json.array { json in for booking in result.bookings { json.booking(booking) } }
            if let next = result.next { json.member("next", next.description) }
        }
    }
    if let next = result.next {
        // Limit, cursor and room hold nothing that a URL would have to escape.
        let room = page.roomID.map { "&room=\($0)" } ?? ""
        response.headerFields[.link] = "</v1/bookings?limit=\(page.limit)&cursor=\(next)\(room)>; rel=\"next\""
    }
    return response
}

private func book(_ request: Request, _ hotel: Hotel) throws -> Response {
    let now = hotel.now()
    let wish = try BookingBody(of: request).draft.request()
    let outcome = try hotel.store(request).book(
        wish,
        idempotency: idempotency(of: request, for: wish),
        id: BookingID(madeAt: now),
        now: now
    )
    switch outcome {
    case .done(let booking):
        return created(booking)
    case .replayed(let booking):
        var response = created(booking)
        response.headerFields[.idempotencyReplayed] = "true"
        return response
    case .keyReused:
        throw ProblemKind.idempotencyKeyReused.problem()
    }
}

private func created(_ booking: Booking) -> Response {
    var response = representation(of: booking, status: .created)
    response.headerFields[.location] = "/v1/bookings/\(booking.id)"
    return response
}

private func show(_ request: Request, _ hotel: Hotel) throws -> Response {
    guard let booking = try bookingID(of: request).flatMap({ try hotel.store(request).booking($0) }) else {
        throw noSuchBooking
    }
    if let condition = request.value(of: .ifNoneMatch),
        EntityTag.list(condition)?.weakVersions.includes(booking.version) == true
    {
        var response = Response.status(.notModified)
        response.headerFields[.eTag] = EntityTag(of: booking).description
        return response
    }
    return representation(of: booking)
}

private func cancel(_ request: Request, _ hotel: Hotel) throws -> Response {
    guard let id = bookingID(of: request) else { throw noSuchBooking }
    guard let condition = request.value(of: .ifMatch) else { throw ProblemKind.ifMatchRequired.problem() }
    guard let tags = EntityTag.list(condition) else {
        throw Problem(.badRequest, detail: "If-Match must be * or entity tags such as \"1\".")
    }
    switch try hotel.store(request).cancel(id, expecting: tags.strongVersions) {
    case .cancelled(let booking):
        return representation(of: booking)
    case .stale(let booking):
        var problem = ProblemKind.stale.problem()
        problem.headerFields[.eTag] = EntityTag(of: booking).description
        throw problem
    case .unknown:
        throw noSuchBooking
    }
}

private func representation(of booking: Booking, status: HTTPResponse.Status = .ok) -> Response {
    var response = Response.json(status: status) { json in json.booking(booking) }
    response.headerFields[.eTag] = EntityTag(of: booking).description
    return response
}

private func bookingID(of request: Request) -> BookingID? {
    request.parameters["id"].flatMap { BookingID($0) }
}

private func idempotency(of request: Request, for wish: BookingRequest) throws -> Idempotency? {
    guard let text = request.value(of: .idempotencyKey) else { return nil }
    guard let key = IdempotencyKey(text) else {
        throw Problem(.badRequest, detail: "Idempotency-Key must be 1 to 255 visible ASCII characters.")
    }
    return Idempotency(key: key, scope: request.idempotencyScope, fingerprint: wish.fingerprint)
}

extension HTTPField.Name {
    fileprivate static let idempotencyKey = named("Idempotency-Key")
    fileprivate static let idempotencyReplayed = named("Idempotency-Replayed")
    fileprivate static let link = named("Link")

    private static func named(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
        return name
    }
}
