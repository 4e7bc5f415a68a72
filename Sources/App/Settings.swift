import Panal

/// What the hotel adds to the settings that every service has.
struct Settings: SettingsGroup {
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
}
