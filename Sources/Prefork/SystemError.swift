import Glibc

/// A system call that failed, with the system's reason.
struct SystemError: Error, Equatable, CustomStringConvertible {
    var call: String
    var code: CInt

    init(_ call: String, code: CInt = errno) {
        self.call = call
        self.code = code
    }

    var reason: String { unsafe String(cString: strerror(code)) }

    var description: String { "\(call) failed: \(reason)" }
}
