import Linux

/// Where workers send messages to the worker in a slot: connections that are better off there.
///
/// The supervisor holds both ends, so nothing is lost when the worker dies or leaves: the slot's next worker finds what the
/// last one did not read.
final class Mailbox {
    /// The ends' numbers. The receiving one is closed where nobody receives.
    let sender: CInt
    let receiver: CInt
    private var openSender: FileDescriptor?
    private var openReceiver: FileDescriptor?

    convenience init() throws(SystemError) {
        let pair = try MessageSocketPair()
        let ends = pair.release()
        self.init(sender: ends.sender, receiver: ends.receiver)
    }

    /// One whose ends are open already, and that nobody else will close.
    init(sender: CInt, receiver: CInt) {
        self.sender = sender
        self.receiver = receiver
        openSender = FileDescriptor(owning: sender)
        openReceiver = FileDescriptor(owning: receiver)
    }

    /// In a worker of another slot, which only sends.
    func closeReceiver() { openReceiver = nil }

    /// What is open stays open until the process ends.
    func keepOpen() {
        _ = openSender.take()?.release()
        _ = openReceiver.take()?.release()
    }
}
