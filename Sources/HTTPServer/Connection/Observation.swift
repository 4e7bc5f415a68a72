/// What a ``RequestObserver`` keeps with a request.
public enum Observation {
    /// It has not decided.
    case undecided
    /// Nothing, for good.
    case nothing
    /// This, until the request's end.
    case kept(AnyObject)
}
