import HTTPServer
import HTTPTypes
import Panal
import Stays
import Values

/// The largest body that says what to book, in bytes: the longest names and addresses take a tenth of it.
private let largestBooking = 64 * 1024

extension Router {
    mutating func addBookings(_ hotel: Hotel) {
        let list = Operation(
            "Bookings, the newest first",
            query: BookingQuery.self,
            answer: .page("bookings", of: Booking.self)
        )
        get("/bookings", list) { request in
            let page = try hotel.store(request).bookings(request.query(as: BookingQuery.self))
            return try .page(page, named: "bookings", of: request)
        }

        let book = Operation(
            "Book a room",
            body: NewBooking.self,
            answer: .created(Booking.self),
            headers: [.idempotencyKey, .entityTag],
            problems: [.nightsTaken]
        )
        post("/bookings", book, maxBodySize: largestBooking) { request in
            let now = hotel.now()
            let wish = try request.json(as: NewBooking.self).request
            let booked = try hotel.store(request).book(
                wish,
                idempotency: request.idempotency(wish.fingerprint),
                id: BookingID(madeAt: now),
                now: now
            )
            return try .once(booked) { booking in
                try .created(booking, at: "/v1/bookings/\(booking.id)").tagged(version: booking.version)
            }
        }

        let read = Operation(
            "One booking",
            path: BookingID.self,
            answer: .json(Booking.self),
            headers: [.ifNoneMatch]
        )
        get("/bookings/{id}", read) { request in
            guard let booking = try bookingID(of: request).flatMap({ try hotel.store(request).booking($0) }) else {
                throw noSuchBooking
            }
            return try request.unlessCurrent(version: booking.version) { try .json(booking) }
        }

        let cancel = Operation(
            "Cancel a booking",
            path: BookingID.self,
            answer: .json(Booking.self),
            headers: [.ifMatch]
        )
        delete("/bookings/{id}", cancel) { request in
            guard let id = bookingID(of: request) else { throw noSuchBooking }
            switch try hotel.store(request).cancel(id, expecting: request.expectedVersion()) {
            case .cancelled(let booking): return try .json(booking).tagged(version: booking.version)
            case .stale(let booking): throw Problem.stale(version: booking.version)
            case .unknown: throw noSuchBooking
            }
        }
    }
}

private let noSuchBooking = Problem(.notFound, detail: "There is no such booking; GET /v1/bookings lists them.")

private func bookingID(of request: Request) -> BookingID? { request.parameters["id"].flatMap { BookingID($0) } }
