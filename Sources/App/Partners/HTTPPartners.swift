import HTTPClient
import HTTPServer
import Logging
import Panal
import Stays
import Values

/// Partners that run this service too, asked over HTTP, all of them at the same time.
struct HTTPPartners: PartnerHotels {
    let dependencies: Dependencies<Settings>
    /// Whom they are asked for: its deadline ends all calls.
    let request: Request

    /// The largest answer that is read, in bytes: room for a thousand rooms, and 16 MB for the most partners.
    private static let largestAnswer = 256 * 1024

    func availability(_ query: AvailabilityQuery) -> PartnerAvailability {
        let partners = dependencies.settings.partners
        let question = "/v1/availability?from=\(query.from)&to=\(query.to)&guests=\(query.guests.value)&partners=none"
        // The rest is for our own answer. A partner that had less than its own time because of that is not to blame.
        let left = SuspendingClock.now.duration(to: request.deadline) * 9 / 10
        let timeout = dependencies.settings.partnerTimeout
        let answers = dependencies.client(for: request).within(left).all(
            partners.map { .get($0.url.text + question, timeout: timeout, maxResponseSize: Self.largestAnswer) }
        )
        var offers: [RoomOffer] = []
        var failures: [(name: String, cause: any Error)] = []
        for (partner, answer) in zip(partners, answers) {
            do {
                let answer = try answer.get().successful().input(as: AvailabilityAnswer.self)
                offers += try answer.offers(to: query, of: partner.name)
            } catch {
                failures.append((partner.name, error))
            }
        }
        let incomplete = failures.map(\.name)
        if let cause = failures.first?.cause {
            let names = incomplete.joined(separator: ", ")
            let details: Logger.Metadata = ["partners": "\(names)", "cause": "\(cause)", "requestId": "\(request.id)"]
            dependencies.logger.warning("partners incomplete", metadata: details)
        }
        return PartnerAvailability(offers: offers, incomplete: incomplete)
    }
}
