import ArgumentParser

/// `version`: which release this is, and what it is made of.
struct Version<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "version",
            abstract: "Show the git revision and its date, the same for every build of it; or what it is made of."
        )
    }

    @Flag(help: "As a JSON object.")
    var json = false

    @Flag(
        help: """
            The bill of materials, as CycloneDX 1.6: Swift packages with their releases and licences, and the libraries \
            of the system it runs on here.
            """
    )
    var sbom = false

    func run() throws {
        if sbom {
            let packages = SoftwarePackage.list(in: S.info.packages)
            let bill = BillOfMaterials(info: S.info, packages: packages, libraries: SystemPackage.used())
            print(try bill.json(), terminator: "")
        } else if json {
            print("{\"revision\":\"\(S.info.revision)\",\"date\":\"\(S.info.date)\"}")
        } else {
            print("\(S.info.revision) \(S.info.date)")
        }
    }
}
