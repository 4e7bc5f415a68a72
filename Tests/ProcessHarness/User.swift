import Glibc
import Testing

/// Who the service runs as in these tests: `PANAL_TEST_USER`, else an ordinary user.
enum User: String, Sendable {
    /// Somebody without any right, as in the image. Tests that run as root become this user for the service; others are
    /// ordinary users already.
    case ordinary
    /// Whom no permission holds back. Only tests that run as root can do that.
    case root

    static let ofService: User = {
        guard let name = getenv("PANAL_TEST_USER") else { return .ordinary }
        guard let user = User(rawValue: String(cString: name)), user == .ordinary || geteuid() == 0 else {
            fatalError("PANAL_TEST_USER is ordinary or root, and root only for tests that run as root")
        }
        return user
    }()

    /// The user of the image: Dockerfile.
    private static let imageUser: uid_t = 10001

    /// Whether the service needs another user than that of the tests.
    private var isAnother: Bool { self == .ordinary && geteuid() == 0 }

    /// What in front of a command makes this user run it: without capabilities, groups, and ways to get any.
    var launcher: [String] {
        guard isAnother else { return [] }
        return [
            "setpriv", "--reuid=\(User.imageUser)", "--regid=\(User.imageUser)", "--clear-groups", "--inh-caps=-all",
            "--bounding-set=-all", "--no-new-privs",
        ]
    }

    /// Gives a file to this user.
    func own(_ path: String) throws {
        guard isAnother, chown(path, User.imageUser, User.imageUser) != 0 else { return }
        throw Spawned.Failure(description: "cannot give \(path) away: \(String(cString: strerror(errno)))")
    }
}

extension Trait where Self == ConditionTrait {
    /// For what only happens to a service that permissions hold back.
    static var needsOrdinaryUser: Self {
        .enabled(if: User.ofService == .ordinary, "runs the service as an ordinary user, whatever PANAL_TEST_USER says")
    }
}
