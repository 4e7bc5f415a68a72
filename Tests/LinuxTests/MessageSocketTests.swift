import Glibc
import Linux
import Testing

@Suite("Message sockets")
struct MessageSocketTests {
    private func send(_ text: String, _ descriptor: CInt? = nil, on socket: CInt) -> Bool {
        let bytes = Array(text.utf8)
        return MessageSocket.send(bytes.span.bytes, descriptor, on: socket)
    }

    /// All that has arrived, as text, with what its descriptors' files hold.
    private func receiveAll(_ socket: CInt) -> [String] {
        var reader = MessageReader()
        var texts: [String] = []
        while let message = reader.receive(on: socket) { texts.append(String(decoding: message.bytes, as: UTF8.self)) }
        return texts
    }

    @Test("messages arrive whole, once and in the order in which they were sent")
    func order() throws {
        let pair = try MessageSocketPair()
        var sent: [String] = []
        for length in [1, 2, 700, 1, MessageSocket.longestMessage, 5_000, 3] {
            sent.append(String(repeating: "\(sent.count)", count: length))
            let isSent = send(sent[sent.count - 1], on: pair.sender.rawValue)
            #expect(isSent)
        }
        let received = receiveAll(pair.receiver.rawValue)
        #expect(received == sent)
        let more = receiveAll(pair.receiver.rawValue)
        #expect(more.isEmpty)
    }

    @Test("a message that is empty or too long is refused, and the next is not")
    func length() throws {
        let pair = try MessageSocketPair()
        for length in [0, MessageSocket.longestMessage + 1] {
            errno = 0
            let isSent = send(String(repeating: "x", count: length), on: pair.sender.rawValue)
            let reason = errno
            #expect(!isSent && reason == EMSGSIZE)
        }
        let isSent = send("fits", on: pair.sender.rawValue)
        let received = receiveAll(pair.receiver.rawValue)
        #expect(isSent)
        #expect(received == ["fits"])
    }

    @Test("a descriptor that comes along is one more for the open file, closed on exec, and outlives the sender's")
    func descriptor() throws {
        let pair = try MessageSocketPair()
        do {
            let file = try FileDescriptor.inMemory("passed")
            SystemFile.write("what is in it", to: file.rawValue)
            let isSent = send("with", file.rawValue, on: pair.sender.rawValue)
            #expect(isSent)
        }
        var reader = MessageReader()
        guard var message = reader.receive(on: pair.receiver.rawValue) else {
            Issue.record("no message")
            return
        }
        let number = message.descriptor
        guard let file = message.takeDescriptor() else {
            Issue.record("no descriptor")
            return
        }
        let (taken, left) = (file.rawValue, message.descriptor)
        #expect(number == taken && left == nil)
        let isInheritable = file.isInheritable
        #expect(!isInheritable)
        lseek(file.rawValue, 0, SEEK_SET)
        let content = SystemFile.read(file.rawValue)
        #expect(content == "what is in it")
    }

    @Test("a descriptor that nobody takes is closed with its message")
    func unclaimed() throws {
        let pair = try MessageSocketPair()
        let pipe = try MessageSocketPair()
        let ends = pipe.release()
        let isSent = send("with", ends.sender, on: pair.sender.rawValue)
        #expect(isSent)
        close(ends.sender)
        let received = receiveAll(pair.receiver.rawValue)
        #expect(received == ["with"])
        // Its reader meets the end: nobody holds the other side any more.
        var byte: UInt8 = 0
        let count = recv(ends.receiver, &byte, 1, Int32(MSG_DONTWAIT))
        #expect(count == 0)
        close(ends.receiver)
    }

    @Test("when there is no room that is said, and all that was sent before arrives with its descriptor")
    func full() throws {
        let pair = try MessageSocketPair()
        let file = try FileDescriptor.inMemory("passed")
        var count = 0
        while send("\(count)", file.rawValue, on: pair.sender.rawValue) { count += 1 }
        let reason = errno
        #expect([EAGAIN, ETOOMANYREFS].contains(reason))
        #expect(count > 100)
        var reader = MessageReader()
        var received = 0
        while let message = reader.receive(on: pair.receiver.rawValue) {
            guard String(decoding: message.bytes, as: UTF8.self) == "\(received)", message.descriptor != nil else {
                break
            }
            received += 1
        }
        #expect(received == count)
        let isSentAgain = send("again", file.rawValue, on: pair.sender.rawValue)
        #expect(isSentAgain)
    }

    @Test("what a reader did not read before it went waits for the next one")
    func nextReader() throws {
        let pair = try MessageSocketPair()
        do {
            let first = try pair.receiver.duplicate()
            let isSent = send("one", on: pair.sender.rawValue) && send("two", on: pair.sender.rawValue)
            var reader = MessageReader()
            var bytes: [UInt8] = []
            if let message = reader.receive(on: first.rawValue) { bytes = message.bytes }
            #expect(isSent && bytes == Array("one".utf8))
        }
        let received = receiveAll(pair.receiver.rawValue)
        #expect(received == ["two"])
    }

    @Test("who sends where nobody can receive is told, and who receives where nobody can send finds nothing")
    func ends() throws {
        let gone = try MessageSocketPair().release()
        close(gone.receiver)
        let isSent = send("to nobody", on: gone.sender)
        let reason = errno
        #expect(!isSent && [EPIPE, ECONNREFUSED, ECONNRESET].contains(reason))
        close(gone.sender)

        let mute = try MessageSocketPair().release()
        let isQueued = send("last word", on: mute.sender)
        close(mute.sender)
        let received = receiveAll(mute.receiver)
        #expect(isQueued && received == ["last word"])
        close(mute.receiver)
    }
}
