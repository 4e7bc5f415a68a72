public import Linux

extension HTTPClient {
    /// How a service calls others.
    public struct Configuration: Sendable {
        /// How long a call may take, attempts and redirects included.
        public var timeout: Duration = .seconds(10)
        /// How long an attempt may take until it has a connection, with name resolution and TLS.
        public var connectTimeout: Duration = .seconds(3)
        /// How long an attempt may take from there to the first byte of the answer.
        public var firstByteTimeout: Duration = .seconds(5)
        /// The largest body of an answer, decoded, in bytes.
        public var maxResponseSize = 1 << 20
        /// The largest head of an answer, in bytes, interim answers and trailers included.
        public var maxHeadSize = 64 << 10
        /// How long a connection may be idle and still be used; below what other sides allow, so that they do not close it just then.
        public var maxIdleTime: Duration = .seconds(50)
        /// How old a connection may be and still be used for another request, so that a name that leads elsewhere is noticed.
        public var maxConnectionAge: Duration = .seconds(300)
        /// What is sent again, and when.
        public var retries = RetryPolicy()
        /// When a host is left alone.
        public var breaker = BreakerPolicy()
        /// Addresses that may be called although they are link-local, multicast or a metadata service's.
        public var allowedAddresses: [IPNetwork] = []
        /// A file of certificates in PEM form that are trusted instead of the system's; `nil` for those.
        public var caFile: String?
        /// What the requests say of who sends them.
        public var userAgent = "Panal"

        /// The defaults.
        public init() {}
    }
}
