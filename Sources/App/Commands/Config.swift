import ArgumentParser

/// `App config`: the configuration as this process would use it.
struct Config: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case env
        case markdown
    }

    static let configuration = CommandConfiguration(
        abstract: "Show every setting, its value and where it comes from; secrets are hidden."
    )

    @Option(help: "table: the values in force. env: a commented .env. markdown: the README's table.")
    var format = Format.table

    func run() throws {
        switch format {
        case .table: print(Config.table(Settings.orExit().found))
        case .env: print(Config.dotEnv, terminator: "")
        case .markdown: print(Config.markdown, terminator: "")
        }
    }

    static func table(_ settings: [SettingsReading.Found]) -> String {
        let keyWidth = settings.map(\.key.count).max() ?? 0
        let textWidth = settings.map(\.text.count).max() ?? 0
        return settings.map { setting in
            padded(setting.key, keyWidth) + "  " + padded(setting.text, textWidth) + "  " + setting.source.rawValue
        }.joined(separator: "\n")
    }

    /// The text of `.env.example`.
    static let dotEnv =
        "# Copy to .env; bin/run and Procfile runners read it. Each line shows the default.\n"
        + Settings.all.map { setting in
            "\n# \(setting.summary)\n# Expected: \(setting.expected).\n#\(setting.key)=\(setting.defaultText)\n"
        }.joined()

    /// The README's table.
    static let markdown =
        "| variable | default | what it decides |\n|---|---|---|\n"
        + Settings.all.map { setting in
            let value = setting.defaultText.isEmpty ? "" : "`\(setting.defaultText)`"
            return "| `\(setting.key)` | \(value) | \(setting.summary) |\n"
        }.joined()

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
