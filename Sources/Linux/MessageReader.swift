import CLinux
import Glibc

/// Receives the messages of a ``MessageSocketPair``, through memory of its own for the longest one.
@safe
public struct MessageReader: ~Copyable, @unchecked Sendable {
    /// Not initialised: of the room for the longest message only what messages have filled costs memory.
    private let room: UnsafeMutableRawBufferPointer

    /// One that has received nothing yet.
    public init() {
        unsafe room = .allocate(byteCount: MessageSocket.longestMessage, alignment: 16)
    }

    deinit { unsafe room.deallocate() }

    /// The next message. It never waits.
    /// - Parameter socket: the receiving end.
    /// - Returns: `nil` when there is none now, or when nobody can send any more.
    public mutating func receive(on socket: CInt) -> Message? {
        guard let start = unsafe room.baseAddress else { return nil }
        while true {
            var descriptor: CInt = -1
            let count = unsafe clinux_receive_message(socket, start, room.count, &descriptor)
            // Empty messages are not sent: it is the end.
            guard count != 0 else { return nil }
            if count > 0 {
                let bytes = unsafe [UInt8](UnsafeRawBufferPointer(rebasing: room[..<count]))
                return Message(bytes: bytes, descriptor: descriptor)
            }
            // One that was longer than any message may be is gone, and the next one's turn has come.
            guard errno == EINTR || errno == EMSGSIZE else { return nil }
        }
    }
}

/// A message that was received, and the descriptor that came with it.
public struct Message: ~Copyable, Sendable {
    /// What was sent.
    public let bytes: [UInt8]
    private var file: FileDescriptor?

    /// The number of the descriptor that came along, closed on exec; `nil` when none did, or when this process may open no
    /// more: then what it stood for is lost. It is closed with the message, unless it is taken.
    public private(set) var descriptor: CInt?

    fileprivate init(bytes: [UInt8], descriptor: CInt) {
        self.bytes = bytes
        self.descriptor = descriptor < 0 ? nil : descriptor
        file = descriptor < 0 ? nil : FileDescriptor(owning: descriptor)
    }

    /// The descriptor that came along, for good.
    public mutating func takeDescriptor() -> FileDescriptor? {
        descriptor = nil
        return file.take()
    }
}
