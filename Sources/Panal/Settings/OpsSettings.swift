import Linux

/// Where those who look after the service find it, apart from its clients.
public struct OpsSettings: SettingsGroup {
    /// Reads them.
    public init() {}

    /// The TCP port; `nil` for none.
    @Setting(
        "OPS_PORT",
        default: "",
        "The TCP port of metrics, health and controls, answered by a process of its own; 0 takes a free one; unset opens none.",
        .optionalPort,
        show: { $0.map { "\($0)" } ?? "none" }
    )
    public var port: UInt16?

    /// An address.
    @Setting(
        "OPS_HOST",
        default: "127.0.0.1",
        "The address that `OPS_PORT` is opened on; one that is not this host's own asks for `OPS_TOKEN`.",
        SettingFormat("an IP address, such as 127.0.0.1 or ::") { IPAddress($0) == nil ? nil : $0 }
    )
    public var host: String

    /// What opens it.
    @Setting(
        "OPS_TOKEN",
        default: "",
        "What opens all of it but `/livez` and `/readyz`, sent as `Authorization: Bearer …`; unset asks for none.",
        SettingFormat<AccessToken?>("16 to 256 visible ASCII characters") { text in
            text.isEmpty ? .some(nil) : AccessToken(text).map { .some($0) }
        },
        isSecret: true,
        show: { $0 == nil ? "none" : "<redacted>" }
    )
    public var token: AccessToken?

    /// A port that others can reach, and nothing that keeps them out.
    public var contradiction: SettingFault? { contradiction(of: port) }

    /// The same of another port on the same address.
    func contradiction(of port: UInt16?) -> SettingFault? {
        guard port != nil, token == nil, IPAddress(host)?.isLoopback != true else { return nil }
        return SettingFault(key: "OPS_TOKEN", value: "", expected: "to be set where OPS_HOST is not of this host alone")
    }
}

extension SettingFormat where Value == UInt16? {
    /// A port that need not be there.
    static var optionalPort: SettingFormat<UInt16?> {
        SettingFormat("a port number, 0 to 65535") { text in
            // Unset, it is the empty text.
            if text.isEmpty { return .some(nil) }
            return WholeNumberText.parse(text).flatMap { UInt16(exactly: $0) }.map { .some($0) }
        }
    }
}
