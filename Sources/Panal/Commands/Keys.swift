import ArgumentParser
import HTTPServer
import Telemetry
import Values

/// `keys`: makes API keys, and says whose one is. It changes nothing: what the service accepts is what `API_KEYS` says.
struct Keys<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "keys",
            abstract: "Make API keys, and check one.",
            subcommands: [New.self, Hash.self, Check.self]
        )
    }

    /// Whose key it is, and what it opens.
    struct Entry: ParsableArguments {
        @Argument(help: "Who it is for: letters, digits, dots, dashes and underscores.")
        var name: String

        @Option(help: "What it opens: `read`, `write`, and those of the service's own, separated by commas.")
        var scopes = "read"

        @Option(help: "The day (in UTC) from whose beginning on it opens nothing, such as 2027-01-31.")
        var expires: String?

        /// The entry for a key.
        func entry(of key: String) throws -> APIKey {
            let words = scopes.split(separator: ",", omittingEmptySubsequences: false)
            let known = Set(words.compactMap { Scope($0) })
            guard known.count == words.count else {
                throw ValidationError("--scopes \(scopes): expected words such as read,write, each once")
            }
            var date: CivilDate?
            if let expires {
                guard let given = CivilDate(expires) else {
                    throw ValidationError("--expires \(expires): expected a date such as 2027-01-31")
                }
                date = given
            }
            guard AccessToken.isPossible(key.utf8) else {
                throw ValidationError("a key is 16 to 256 visible ASCII characters")
            }
            guard let entry = APIKey(key, name: name, scopes: known, expires: date) else {
                throw ValidationError("\(name): expected 1 to 64 letters, digits, dots, dashes and underscores")
            }
            return entry
        }
    }

    struct New: ParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: "new", abstract: "Make a key, and the entry for API_KEYS.")
        }

        @OptionGroup var entry: Entry

        func run() throws {
            let key = APIKeyText.random()
            let entry = try entry.entry(of: key).entry
            print("key    \(key)")
            print("entry  \(entry)")
            StandardError.write(
                "Give the key to its client: it is shown once. Add the entry to API_KEYS; it is no secret.\n"
            )
        }
    }

    struct Hash: ParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "hash",
                abstract: "Make the entry for a random key that clients have already, read from standard input."
            )
        }

        @OptionGroup var entry: Entry

        func run() throws {
            let key = try keyFromStandardInput()
            print(try entry.entry(of: key).entry)
            guard !APIKeyText.isValid(key) else { return }
            StandardError.write(
                "If the key is not random, keep the entry secret, or make a new key (`keys new`): a guessable one is found by its hash.\n"
            )
        }
    }

    struct Check: ParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "check",
                abstract: "Say whose key it is by API_KEYS, and what it opens; the key is read from standard input."
            )
        }

        func run() throws {
            let keys = S.settingsOrExit().server.apiKeys
            guard !keys.areNone else {
                StandardError.write("there are no keys: set API_KEYS or API_KEYS_FILE here as for the service\n")
                throw ExitCode.failure
            }
            let hash = SHA256.hash(Array(try keyFromStandardInput().utf8))
            guard let key = keys.entries.first(where: { $0.matches(hash) }) else {
                StandardError.write("API_KEYS has no entry for this key\n")
                throw ExitCode.failure
            }
            let scopes = key.scopes.sorted().map(\.name).joined(separator: ", ")
            print("\(key.name): \(scopes)" + (key.expires.map { "; expires \($0)" } ?? ""))
            if key.hasExpired(at: .now()) {
                StandardError.write("it has expired\n")
                throw ExitCode.failure
            }
        }
    }
}

/// One line, so that the key is in nobody's list of processes.
private func keyFromStandardInput() throws -> String {
    guard let line = readLine() else { throw ValidationError("there is no key on standard input") }
    return line
}
