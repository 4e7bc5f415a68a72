import HTTPClient
import HTTPTypes
import Jobs
import Panal
import Stays
import StaysStore
import Values

/// Tells another service of bookings that are confirmed or cancelled: at least once, those of one booking in their order.
struct Webhook: Sendable {
    let url: String
    let signer: WebhookSigner

    /// Nil when nobody is to be told.
    init?(_ settings: Settings) {
        guard !settings.webhookURL.isEmpty, let signer = settings.webhookSigner else { return nil }
        url = settings.webhookURL
        self.signer = signer
    }

    /// Sends one message, as Standard Webhooks has it.
    func tell(_ news: BookingNews, id: String, at now: Timestamp, by client: HTTPClient) throws {
        let message = Message(
            type: "booking.\(news.status.rawValue)",
            data: .init(id: news.bookingID, version: news.version)
        )
        var request = HTTPClient.Request(.post, url, body: try .json(message), idempotencyKey: id)
        request.headerFields = signer.fields(id: id, at: now, body: request.body.bytes ?? [])
        let response = try client.send(request)
        if response.status == .gone { throw JobFailure.final("the receiver wants no more news (410)") }
        guard response.status.kind != .successful else { return }
        // Nothing of the answer's body is kept: it may say again what it was told.
        let wait = min(response.retryAfter ?? .zero, .hours(24))
        throw JobFailure.retry(after: wait, "the receiver answered with \(response.status.code)")
    }

    private struct Message: Encodable {
        let type: String
        let data: Data

        struct Data: Encodable {
            let id: String
            let version: Int
        }
    }
}
