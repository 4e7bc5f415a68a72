import Panal

/// What the hotel adds to the settings that every service has.
struct Settings: SettingsGroup {
    @Setting(
        "WEBHOOK_URL",
        default: "",
        "Where `work` sends news of bookings that are confirmed or cancelled; unset tells nobody.",
        SettingFormat("the URL of a web page, such as https://example.org/bookings") { url in
            url.isEmpty || url.hasPrefix("https://") || url.hasPrefix("http://") ? url : nil
        }
    )
    var webhookURL: String

    @Setting(
        "WEBHOOK_SECRET",
        default: "",
        "Signs what is sent to WEBHOOK_URL.",
        SettingFormat("a text of 16 bytes at least") { $0.isEmpty || $0.utf8.count >= 16 ? $0 : nil },
        isSecret: true,
        show: { $0.isEmpty ? "none" : "<redacted>" }
    )
    var webhookSecret: String

    var contradiction: SettingFault? {
        guard !webhookURL.isEmpty, webhookSecret.isEmpty else { return nil }
        return SettingFault(key: "WEBHOOK_SECRET", value: "", expected: "to be set where WEBHOOK_URL is")
    }
}
