import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Without PostgreSQL's client library")
    struct MissingLibraryTests {
        /// A root directory with the service and the libraries that it is linked to, and nothing else.
        private func makeRoot() throws -> TemporaryDirectory {
            let root = try TemporaryDirectory()
            let made = try Finished.running([
                "sh", "-c",
                """
                set -e
                install -m 755 "$1" "$0/service"
                for library in $(ldd "$1" | grep -o '/[^ ]*'); do
                    mkdir -p "$0$(dirname "$library")" && cp -L "$library" "$0$library"
                done
                chmod -R a+rX "$0"
                """,
                root.path, Binary.app.path,
            ])
            #expect(made.exit == .code(0), "\(made.errors)")
            return root
        }

        private func run(_ verb: String, in root: TemporaryDirectory, _ url: String) throws -> Finished {
            try Finished.running(
                ["chroot", "--userspec=10001:10001", root.path, "/service", verb],
                environment: ["DATABASE_URL": url]
            )
        }

        @Test(
            "a URL of PostgreSQL gets an error that names the package, and one of SQLite needs none of it",
            .needs(.chroot)
        )
        func missing() throws {
            let root = try makeRoot()
            let refused = try run("migrate", in: root, "postgres://app:secret@127.0.0.1:1/stays")
            #expect(refused.exit == .code(1), "\(refused.output)")
            #expect(refused.errors.contains("libpq.so.5"), "\(refused.errors)")
            #expect(refused.errors.contains("apt-get install libpq5"))
            #expect(!refused.errors.contains("secret"))
            let served = try run("migrate", in: root, "sqlite:/stays.sqlite")
            #expect(served.exit == .code(0), "\(served.errors)")
        }
    }
}
