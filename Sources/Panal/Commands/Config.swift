import ArgumentParser

/// `config`: the configuration as this process would use it.
struct Config<S: Service>: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case env
        case markdown
    }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "config",
            abstract: "Show every setting, its value and where it comes from; secrets are hidden."
        )
    }

    @Option(help: "table: the values in force. env: a commented .env. markdown: the README's table.")
    var format = Format.table

    func run() throws {
        switch format {
        case .table:
            let settings = S.settingsOrExit()
            print(ConfigText.table(settings.found))
            if let note = settings.database?.libraryNote { print("\n\(note)") }
            for misspelling in settings.misspellings {
                StandardError.write("\(misspelling.variable) is no setting; is \(misspelling.setting) meant?\n")
            }
        case .env: print(ConfigText.dotEnv(try S.declarations()), terminator: "")
        case .markdown: print(ConfigText.markdown(try S.declarations()), terminator: "")
        }
    }
}

extension Service {
    /// Every setting there is, whatever the environment says.
    static func declarations() throws(InvalidSettings) -> [SettingDeclaration] { try settings([:]).declarations }
}

/// Settings as people read them.
enum ConfigText {
    static func table(_ settings: [SettingsReading.Found]) -> String {
        let keyWidth = settings.map(\.key.count).max() ?? 0
        let textWidth = settings.map(\.text.count).max() ?? 0
        return settings.map { setting in
            padded(setting.key, keyWidth) + "  " + padded(setting.text, textWidth) + "  " + setting.source.rawValue
        }.joined(separator: "\n")
    }

    /// The text of `.env.example`.
    static func dotEnv(_ settings: [SettingDeclaration]) -> String {
        "# Copy to .env; bin/run and Procfile runners read it. Each line shows the default.\n"
            + settings.map { setting in
                "\n# \(setting.summary)\n# Expected: \(setting.expected).\n"
                    + (setting.mayComeFromFile ? "# Or \(setting.fileKey): the path of a file that holds it.\n" : "")
                    + "#\(setting.key)=\(setting.defaultText)\n"
            }.joined()
    }

    /// The README's table.
    static func markdown(_ settings: [SettingDeclaration]) -> String {
        "| variable | default | what it decides |\n|---|---|---|\n"
            + settings.map { setting in
                let value = setting.defaultText.isEmpty ? "" : "`\(setting.defaultText)`"
                let file = setting.mayComeFromFile ? " `\(setting.fileKey)` may name a file instead." : ""
                return "| `\(setting.key)` | \(value) | \(setting.summary)\(file) |\n"
            }.joined()
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
