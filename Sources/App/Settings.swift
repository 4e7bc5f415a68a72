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
        "Signs what is sent to WEBHOOK_URL, as Standard Webhooks does: `whsec_` and a key in base64, or any text.",
        SettingFormat("whsec_ and base64, or a text; 16 bytes at least") { text in
            text.isEmpty ? .some(nil) : WebhookSigner(secret: text).map { .some($0) }
        },
        isSecret: true,
        show: { $0 == nil ? "none" : "<redacted>" }
    )
    var webhookSigner: WebhookSigner?

    @Setting(
        "PARTNER_URLS",
        default: "",
        "Hotels whose rooms `/v1/availability` offers too: base URLs separated by commas, each perhaps with a name in front (`sea-view=https://…`); unset is none.",
        .services(atMost: 64),
        redact: NamedService.redacted
    )
    var partners: [NamedService]

    @Setting(
        "PARTNER_TIMEOUT",
        default: "1s",
        "How long an answer waits for partners, at most; never longer than nine tenths of the time that its request has left.",
        .duration(atLeast: .milliseconds(1))
    )
    var partnerTimeout: Duration

    var contradiction: SettingFault? {
        guard !webhookURL.isEmpty, webhookSigner == nil else { return nil }
        return SettingFault(key: "WEBHOOK_SECRET", value: "", expected: "to be set where WEBHOOK_URL is")
    }
}
