import HTTPServer

/// From a request's path to its route.
let routing = [
    routes("route-static", Messages.livez, to: "/livez"),
    routes("route-parameter", Messages.room, to: "/v1/rooms/{id}"),
    routes("route-missing", Messages.missing, to: nil),
]

private func routes(_ name: String, _ text: String, to pattern: String?) -> MeasuredFunction {
    MeasuredFunction(name) {
        let message = ReceivedMessage(text, router: try SampleData.router(SampleData.databases()))
        _ = try message.read()
        _ = message.route()
        precondition(message.request.route == pattern)
        return { message.route() }
    }
}
