/// The port through which the service learns what other hotels have free.
///
/// A call may wait, so nothing is to be held meanwhile: no lock, no snapshot. It never fails, and always returns in time:
/// who has not answered by then, or not sensibly, is named.
public protocol PartnerHotels {
    /// What each partner has free: its own rooms, not those of its partners.
    func availability(_ query: AvailabilityQuery) -> PartnerAvailability
}
