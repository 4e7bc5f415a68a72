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
    // The link repeats what the list was asked for.
    if let next = result.next { response = response.linked(toNext: next.description, of: request) }
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
        return created(booking).markedAsReplayed()
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
    return request.unlessCurrent(version: booking.version) { .json { json in json.booking(booking) } }
}

private func cancel(_ request: Request, _ hotel: Hotel) throws -> Response {
    guard let id = bookingID(of: request) else { throw noSuchBooking }
    switch try hotel.store(request).cancel(id, expecting: request.expectedVersion()) {
    case .cancelled(let booking):
        return representation(of: booking)
    case .stale(let booking):
        throw Problem.stale(version: booking.version)
    case .unknown:
        throw noSuchBooking
    }
}

private func representation(of booking: Booking, status: HTTPResponse.Status = .ok) -> Response {
    Response.json(status: status) { json in json.booking(booking) }.tagged(version: booking.version)
}

private func bookingID(of request: Request) -> BookingID? {
    request.parameters["id"].flatMap { BookingID($0) }
}

private func idempotency(of request: Request, for wish: BookingRequest) throws -> Idempotency? {
    try request.idempotencyKey().map { key in
        Idempotency(key: key, scope: request.idempotencyScope, fingerprint: wish.fingerprint)
    }
}
