import HTTPServer

/// From received bytes to a request whose parts are known.
let parsing = [
    reads("parse-get", Messages.livez),
    reads("parse-browser", Messages.browser),
    reads("parse-post-1k", Messages.kilobyte),
    reads("parse-chunked-1k", Messages.chunked),
    MeasuredFunction("refuse-malformed") {
        let message = ReceivedMessage(Messages.malformed)
        precondition(message.refuse() == 400)
        return { message.refuse() }
    },
    MeasuredFunction("query") {
        let message = ReceivedMessage(Messages.query)
        _ = try message.read()
        let query = message.request.query
        precondition(query["note"] == "quiet room, please")
        return {
            guard let from = query["from"], let to = query["to"], let guests = query["guests"], let note = query["note"]
            else { preconditionFailure("one of the four is missing") }
            return from.utf8.count + to.utf8.count + guests.utf8.count + note.utf8.count
        }
    },
]

private func reads(_ name: String, _ text: String) -> MeasuredFunction {
    MeasuredFunction(name) {
        let message = ReceivedMessage(text)
        let size = try message.read()
        precondition(size == text.utf8.count)
        return { try message.read() }
    }
}
