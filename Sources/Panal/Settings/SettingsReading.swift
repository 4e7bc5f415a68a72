import Configuration
import Synchronization

/// One pass over the environment that goes on after a fault, so that all faults are reported together.
///
/// While it makes the groups it is asked for, the properties of these (``Setting``) find it as `current` and read through it.
public final class SettingsReading: Sendable {
    /// A setting that is in force: its text shows no secret.
    public struct Found: Sendable {
        /// Where a value comes from.
        public enum Source: String, Sendable {
            /// The variable itself.
            case environment
            /// The file that the variable with `_FILE` behind its name points to.
            case file
            /// The declaration.
            case `default`
        }

        /// The name in the environment.
        public let key: String
        /// The value in words.
        public let text: String
        /// Where it comes from.
        public let source: Source
    }

    private struct State {
        var declarations: [SettingDeclaration] = []
        var found: [Found] = []
        var faults: [SettingFault] = []
    }

    /// The reading that settings are being made by.
    @TaskLocal static var current: SettingsReading?

    private let environment: ConfigReader
    private let defaults: [String: String]
    private let readFile: @Sendable (String) throws(UnreadableSecret) -> String
    private let state = Mutex(State())

    /// - Parameters:
    ///   - variables: The environment.
    ///   - defaults: By variable: what holds in place of the declared default.
    ///   - readFile: The text of a secret's file.
    init(
        _ variables: [String: String],
        defaults: [String: String] = [:],
        readFile: @escaping @Sendable (String) throws(UnreadableSecret) -> String = SecretFile.read
    ) {
        environment = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables))
        self.defaults = defaults
        self.readFile = readFile
    }

    /// A group of settings, each read, or its default after a fault.
    func read<Group: SettingsGroup>(_ group: Group.Type) -> Group {
        SettingsReading.$current.withValue(self) { Group() }
    }

    /// Every setting that was read, in the order of the declarations.
    var declarations: [SettingDeclaration] { state.withLock { $0.declarations } }

    /// Those in force.
    var found: [Found] { state.withLock { $0.found } }

    /// What was wrong.
    var faults: [SettingFault] { state.withLock { $0.faults } }

    /// What the service says in place of a declared default.
    func defaultText(of key: String) -> String? { defaults[key] }

    /// The value of a setting; after a fault its default, which nobody will use.
    ///
    /// An empty variable counts as unset: that is how platforms and `.env` files switch one off. It is a fault where
    /// switched off means open to everybody (``SettingDeclaration/mayBeEmpty``). Any other must say
    /// something: one of white space or separators alone (`","` is what `"$OLD,$NEW"` becomes with both unset) is a
    /// fault, so that no mishap opens a door. The same holds for the content of a file.
    func value<Value>(
        of setting: SettingDeclaration,
        format: SettingFormat<Value>,
        show: (@Sendable (Value) -> String)?
    ) -> Value {
        guard let defaultValue = format.parse(setting.defaultText) else {
            preconditionFailure("the default of \(setting.key) is not \(setting.expected)")
        }
        return state.withLock { state in
            precondition(
                !state.declarations.contains { $0.key == setting.key },
                "\(setting.key) is declared twice"
            )
            state.declarations.append(setting)
            do throws(SettingFault) {
                let given = try given(setting)
                let text = given?.text ?? setting.defaultText
                let isBlank = given?.text.allSatisfy(\.isWhitespace) ?? false
                guard !isBlank, let value = format.parse(text) else {
                    throw SettingFault(
                        key: given?.key ?? setting.key,
                        value: setting.redact(text),
                        expected: setting.expected
                    )
                }
                state.found.append(
                    Found(
                        key: setting.key,
                        text: show.map { $0(value) } ?? setting.redact(text),
                        source: given?.source ?? .default
                    )
                )
                return value
            } catch {
                state.faults.append(error)
                return defaultValue
            }
        }
    }

    private func variable(_ key: String) -> String? {
        environment.string(forKey: ConfigKey([key])).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The variable of a setting that is there, and empty.
    private func emptyVariable(of setting: SettingDeclaration) -> String? {
        let keys = setting.mayComeFromFile ? [setting.key, setting.fileKey] : [setting.key]
        return keys.first { environment.string(forKey: ConfigKey([$0])) == "" }
    }

    /// What the environment says of a setting; `nil` when it says nothing.
    private func given(
        _ setting: SettingDeclaration
    ) throws(SettingFault) -> (key: String, text: String, source: Found.Source)? {
        let direct = variable(setting.key).map { (key: setting.key, text: $0, source: Found.Source.environment) }
        guard setting.mayComeFromFile, let path = variable(setting.fileKey) else {
            if direct == nil, !setting.mayBeEmpty, let empty = emptyVariable(of: setting) {
                throw SettingFault(key: empty, value: "", expected: setting.expected + ", or \(empty) to be unset")
            }
            return direct
        }
        guard direct == nil else {
            throw SettingFault(
                key: setting.fileKey,
                value: path,
                expected: "only one of \(setting.key) and \(setting.fileKey) to be set"
            )
        }
        do throws(UnreadableSecret) {
            return (setting.fileKey, try readFile(path), .file)
        } catch {
            throw SettingFault(key: setting.fileKey, value: path, expected: "the path of \(error.expectation)")
        }
    }
}
