import Glibc

/// What systemd listens on with `Type=notify` (sd_notify(3)).
final class NotifySocket: Sendable {
    private let descriptor: CInt
    let path: String

    /// - Parameter directory: Where it lies, in reach of the service's user.
    init(in directory: TemporaryDirectory) throws {
        path = directory.path + "/notify"
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let bound = try NotifySocket.withAddress(path) { bind(descriptor, $0, $1) }
        guard bound == 0, chmod(path, 0o777) == 0 else {
            throw Spawned.Failure(description: "cannot bind \(path): errno \(errno)")
        }
    }

    deinit { close(descriptor) }

    /// The next message; nil when none comes.
    func next(by deadline: Deadline = .generous) -> String? {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, CInt(deadline.secondsLeft * 1000)) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// The first lines of the next messages, up to one that says this.
    func states(until last: String, by deadline: Deadline = .generous) -> [String] {
        var states: [String] = []
        while states.last != last, let message = next(by: deadline) {
            states.append(String(message.prefix { $0 != "\n" }))
        }
        return states
    }

    /// Whether nothing has been said that was not read.
    var isSilent: Bool { next(by: .after(0)) == nil }

    /// Puts messages in until there is no room for another. Returns how many.
    func fill() throws -> Int {
        let sender = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        defer { close(sender) }
        guard try NotifySocket.withAddress(path, { connect(sender, $0, $1) }) == 0 else {
            throw Spawned.Failure(description: "cannot connect to \(path): errno \(errno)")
        }
        var count = 0
        while send(sender, "x", 1, 0) == 1 { count += 1 }
        return count
    }

    private static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Spawned.Failure(description: "\(path) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
