/// The whole configuration of a service, read once at its start and immutable afterwards.
public struct ServiceSettings<Own: SettingsGroup>: Sendable {
    /// What every service has.
    public let server: ServerSettings

    /// Where its data lives; `nil` for a service without any.
    public let database: DatabaseSettings?

    /// Where those who look after it find it.
    public let ops: OpsSettings

    /// Where its traces go.
    public let trace: TraceSettings

    /// How its jobs are run; `nil` for a service without a database.
    public let work: WorkSettings?
    /// How it calls others.
    public let client: HTTPClientSettings

    /// What this service adds.
    public let own: Own

    /// Every setting that is in force, without secrets, in the order of the declarations.
    let found: [SettingsReading.Found]
    let declarations: [SettingDeclaration]
    let misspellings: [Misspelling]

    /// Reads and checks all variables.
    /// - Parameter defaults: By variable: defaults that are others for this service than for most.
    /// - Throws: Every fault at once.
    init(
        _ variables: [String: String],
        defaults: [String: String] = [:],
        hasDatabase: Bool
    ) throws(InvalidSettings) {
        let reading = SettingsReading(variables, defaults: defaults)
        server = reading.read(ServerSettings.self)
        database = hasDatabase ? reading.read(DatabaseSettings.self) : nil
        ops = reading.read(OpsSettings.self)
        trace = reading.read(TraceSettings.self)
        work = hasDatabase ? reading.read(WorkSettings.self) : nil
        client = reading.read(HTTPClientSettings.self)
        own = reading.read(Own.self)
        found = reading.found
        declarations = reading.declarations
        for key in defaults.keys where !declarations.contains(where: { $0.key == key }) {
            preconditionFailure("a default is given for \(key), which is no setting of this service")
        }
        misspellings = Misspelling.find(in: variables.keys, settings: declarations)
        guard reading.faults.isEmpty else { throw InvalidSettings(faults: reading.faults) }
        let contradictions = [
            server.contradiction, ops.contradiction ?? ops.contradiction(of: work?.opsPort), own.contradiction,
        ].compactMap(
            \.self
        )
        guard contradictions.isEmpty else { throw InvalidSettings(faults: contradictions) }
    }
}
