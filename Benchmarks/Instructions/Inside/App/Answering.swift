import HTTPServer
import Logging
import Panal
import Prefork

/// From a readable socket to the sent answer: all that a worker does for a request on a connection that is open, in its
/// own code. What the kernel does is not counted.
let answering = [
    answers("answer-livez", Messages.livez, logging: .error),
    answers("answer-room", Messages.room, logging: .error),
    answers("answer-room-logged", Messages.room, logging: .info),
    answers("answer-availability", Messages.query, logging: .error),
    answers("answer-missing", Messages.missing, logging: .error, status: "404"),
]

private func answers(
    _ name: String,
    _ text: String,
    logging level: Logger.Level,
    status: String = "200"
) -> MeasuredFunction {
    MeasuredFunction(name) {
        let worker = try Worker.alone()
        let databases = try SampleData.databases()
        let router = try SampleData.router(databases)
        let connection = try LiveConnection(
            router: router,
            observer: try Measured.observer(
                worker: worker,
                databases: databases,
                routes: router.routes,
                logger: .json(level: level)
            ),
            listener: worker.listener,
            shutdown: worker.shutdown
        )
        let request = Array(text.utf8)
        let answer = connection.exchange(request)
        precondition(answer.starts(with: "HTTP/1.1 \(status) ".utf8), String(decoding: answer, as: UTF8.self))
        return { connection.exchange(request).count }
    }
}
