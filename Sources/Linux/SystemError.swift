import Glibc

/// A system call that failed, with the system's reason (errno(3)).
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call, such as "epoll_create1", and what it was asked for where that helps: "open /etc/hosts".
    public var call: String
    /// The value of `errno`.
    public var code: CInt

    /// The call that failed just now: takes its reason from `errno`.
    public init(_ call: String) {
        let code = errno
        self.init(call, code: code)
    }

    /// A call that failed for a known reason.
    public init(_ call: String, code: CInt) {
        self.call = call
        self.code = code
    }

    /// The reason in the system's words: "No such file or directory".
    public var reason: String { unsafe String(cString: strerror(code)) }

    /// The call and the reason in one line.
    public var description: String { "\(call) failed: \(reason)" }
}
