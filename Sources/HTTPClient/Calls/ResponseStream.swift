public import HTTPTypes

extension HTTPClient {
    /// An answer whose body is read as it comes, no faster than its reader reads. It ends with the closure it was given to.
    public final class ResponseStream {
        /// Status and fields.
        public let head: ResponseHead
        private let exchange: Exchange
        private let loop: CallLoop
        private let pump: UploadPump

        /// The status.
        public var status: HTTPResponse.Status { head.status }

        init(_ head: ResponseHead, _ exchange: Exchange, _ loop: CallLoop, _ pump: UploadPump) {
            self.head = head
            self.exchange = exchange
            self.loop = loop
            self.pump = pump
        }

        /// The next piece of the body, at most some 64 KB; `nil` at its end. It waits for it, until the call's deadline.
        /// - Throws: When the answer breaks off or the time is up; and what the body that is sent was made with.
        public func next() throws -> [UInt8]? {
            while true {
                guard let transfer = exchange.transfer else {
                    if case .failure(let error)? = exchange.outcome { throw error }
                    return nil
                }
                let piece = transfer.takeStreamed()
                if !piece.isEmpty { return piece }
                if transfer.result != nil {
                    if let reason = transfer.failure {
                        throw HTTPClientError(reason, host: head.origin, attempts: exchange.attempts)
                    }
                    return nil
                }
                transfer.resume()
                try pump.run(loop, on: exchange) { exchange.transfer?.hasStreamed ?? true }
            }
        }
    }
}

/// Hands pieces of a body to a transfer whenever it wants one. Outside of libcurl's callbacks, so that whoever makes them may
/// call out as well.
struct UploadPump {
    let produce: (() throws -> [UInt8]?)?

    func run(_ loop: CallLoop, on exchange: Exchange, until isEnough: () -> Bool) throws {
        while true {
            loop.run { exchange.outcome != nil || exchange.transfer?.wantsUpload == true || isEnough() }
            guard exchange.outcome == nil, let transfer = exchange.transfer, transfer.wantsUpload, let produce else {
                return
            }
            var piece = try produce()
            // An empty one is neither a piece nor the end.
            while let made = piece, made.isEmpty { piece = try produce() }
            try transfer.upload(piece)
        }
    }
}
