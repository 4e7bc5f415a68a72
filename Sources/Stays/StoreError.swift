/// Why a store could not do what was asked. A refusal by the rules (nights taken, unknown room) is no error but an outcome.
public enum StoreError: Error, Hashable {
    /// Others held the store for as long as could be waited. Nothing was changed; the same call may succeed after this.
    case busy(retryAfter: Duration)

    /// There is no store yet, or its schema is older than this release needs: it has to be migrated. It is tried again
    /// with every call.
    case unprepared(String)

    /// The store cannot be reached. It is tried again with every call.
    case unavailable(reason: String, remedy: String)

    /// There is no room left where the store writes. Nothing was changed; reads still work.
    case full(String)

    /// The store can be read but not written. Nothing was changed.
    case readOnly(String)

    /// What the store holds is damaged, or breaks the rules of the domain.
    case corrupted(String)

    /// Anything else: a defect of the adapter or of its surroundings.
    case failed(String)
}

extension StoreError {
    /// What strangers may know of it: the kind of trouble, without a path and without the words of whatever keeps the data.
    /// An operator reads `description`.
    public var summary: String {
        switch self {
        case .busy: "the store is busy"
        case .unprepared: "the store is not prepared for this release: run `App migrate`"
        case .unavailable: "the store cannot be reached"
        case .full: "the store is full"
        case .readOnly: "the store cannot be written"
        case .corrupted: "the store is damaged"
        case .failed: "the store failed"
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// What failed and what to do next, in one line for an operator: for the log, not for clients.
    public var description: String {
        switch self {
        case .busy:
            "the store is busy: other writers held it for as long as this request could wait; try again"
        case .unprepared(let reason):
            "the store is not prepared: \(reason); run `App migrate`"
        case .unavailable(let reason, let remedy):
            "the store is not available: \(reason); \(remedy)"
        case .full(let detail):
            "the store is full: \(detail); free space where the database lies"
        case .readOnly(let detail):
            "the store cannot be written: \(detail); give the service write access to the database and its directory"
        case .corrupted(let detail):
            "the store is damaged: \(detail); stop writing to it and restore a backup"
        case .failed(let detail):
            "the store failed: \(detail)"
        }
    }
}
