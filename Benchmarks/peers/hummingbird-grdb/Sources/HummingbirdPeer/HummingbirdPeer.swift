import HTTPTypes
import Hummingbird
import Logging
import NIOPosix

/// The sample hotel on Hummingbird with GRDB: one event loop, one connection to the database.
///
/// Usage: `HummingbirdPeer PORT DATABASE [--access-log] [--arena DATA]`; with `--arena` it is HttpArena's entry and has no database.
@main
struct HummingbirdPeer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let port = Int(arguments[1]) else {
            fatalError("usage: HummingbirdPeer PORT DATABASE [--access-log]")
        }
        let logsRequests = arguments.contains("--access-log")

        let router = Router()
        router.add(middleware: SayClose())
        if logsRequests { router.add(middleware: LogRequestsMiddleware(.info)) }
        let index = String(repeating: ".", count: 186) + "\n"
        router.get("/") { _, _ in index }
        router.get("livez") { _, _ in "ok\n" }
        if let arena = arguments.firstIndex(of: "--arena"), arena + 1 < arguments.count {
            try addArena(data: arguments[arena + 1], to: router)
        } else {
            try addHotel(HotelStore(path: arguments[2]), to: router)
        }

        var logger = Logger(label: "hummingbird")
        logger.logLevel = logsRequests ? .info : .warning
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)),
            logger: logger
        )
        try await application.runService()
    }

    private static func addHotel(_ store: HotelStore, to router: Router<BasicRequestContext>) {
        router.get("v1/rooms/:id") { _, context in
            guard let room = try store.room(id: context.parameters.require("id")) else { throw HTTPError(.notFound) }
            return room
        }
        router.post("v1/bookings") { request, context -> Response in
            guard request.headers[.contentType] == "application/json" else {
                let body = try await request.body.collect(upTo: 1 << 20)
                throw HTTPError(.unsupportedMediaType, message: "\(body.readableBytes) bytes are not JSON")
            }
            let booking = try await store.book(request.decode(as: BookingRequest.self, context: context))
            var response = try booking.response(from: request, context: context)
            response.status = .created
            response.headers[.location] = "/v1/bookings/\(booking.id)"
            return response
        }
    }
}

/// Hummingbird closes the connection when the client asks for it, but does not say so, which wrk takes for an error.
struct SayClose: RouterMiddleware {
    func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if request.headers[.connection] == "close" { response.headers[.connection] = "close" }
        return response
    }
}
