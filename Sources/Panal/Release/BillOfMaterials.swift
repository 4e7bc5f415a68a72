import FoundationEssentials

/// What a program is made of, as CycloneDX 1.6 (cyclonedx.org/docs/1.6/json): the service, the Swift packages in it, and the
/// system's libraries that it uses where this is written. The same release on the same system has the same bill.
struct BillOfMaterials {
    let info: ServiceInfo
    let packages: [SoftwarePackage]
    let libraries: [SystemPackage]

    /// Indented, with a line feed at the end.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var document = Document(bill: self)
        // A number of its own for each content: the version 8 of RFC 9562, by its hash.
        var digest = SHA256.digest(of: Array(try encoder.encode(document))).prefix(16)
        digest[6] = digest[6] & 0x0f | 0x80
        digest[8] = digest[8] & 0x3f | 0x80
        let digits = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
        document.serialNumber = "urn:uuid:" + groups.joined(separator: "-")
        return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }
}

// The names of CycloneDX.

private struct Document: Encodable {
    struct Metadata: Encodable {
        let timestamp: String
        let component: Component
    }

    struct Dependency: Encodable {
        let ref: String
        let dependsOn: [String]
    }

    enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case bomFormat, specVersion, serialNumber, version, metadata, components, dependencies
    }

    let schema = "http://cyclonedx.org/schema/bom-1.6.schema.json"
    let bomFormat = "CycloneDX"
    let specVersion = "1.6"
    var serialNumber: String?
    let version = 1
    let metadata: Metadata
    let components: [Component]
    let dependencies: [Dependency]

    init(bill: BillOfMaterials) {
        let service = Component(bill.info)
        let packages = bill.packages.map { Component($0) }
        let libraries = bill.libraries.map { Component($0) }
        metadata = Metadata(timestamp: bill.info.date, component: service)
        components = packages + libraries
        let needed = Dictionary(uniqueKeysWithValues: zip(bill.packages.map(\.name), packages.map(\.bomRef)))
        dependencies =
            [Dependency(ref: service.bomRef, dependsOn: components.map(\.bomRef))]
            + zip(bill.packages, packages).map { package, component in
                Dependency(ref: component.bomRef, dependsOn: package.needs.compactMap { needed[$0] })
            }
    }
}

private struct Component: Encodable {
    struct Choice: Encodable { let expression: String }
    struct Reference: Encodable {
        let type: String
        let url: String
    }
    struct Property: Encodable {
        let name: String
        let value: String
    }
    struct Evidence: Encodable {
        struct Occurrence: Encodable { let location: String }
        let occurrences: [Occurrence]
    }

    enum CodingKeys: String, CodingKey {
        case bomRef = "bom-ref"
        case type, name, version, description, scope, licenses, purl, externalReferences, properties, evidence
    }

    let bomRef: String
    let type: String
    let name: String
    var version: String?
    var description: String?
    var scope: String?
    var licenses: [Choice]?
    var purl: String?
    var externalReferences: [Reference]?
    var properties: [Property]?
    var evidence: Evidence?

    init(_ info: ServiceInfo) {
        (type, name, version, description) = ("application", info.name, info.revision, info.summary)
        bomRef = "service:\(info.name)"
    }

    init(_ package: SoftwarePackage) {
        (type, name, version, scope) = ("library", package.name, package.version, "required")
        bomRef = "swift:\(package.name)"
        purl = package.url
        licenses = package.licence.map { [Choice(expression: $0)] }
        // A path of the machine that built it is nobody's business.
        externalReferences = package.location.flatMap { $0.hasPrefix("/") ? nil : [Reference(type: "vcs", url: $0)] }
        properties = package.revision.map { [Property(name: "git:revision", value: $0)] }
    }

    init(_ library: SystemPackage) {
        (type, name, version) = ("library", library.name, library.version)
        scope = library.isOptional ? "optional" : "required"
        bomRef = "system:" + (library.url == nil ? library.files[0] : library.name)
        purl = library.url
        evidence = Evidence(occurrences: library.files.map { Evidence.Occurrence(location: $0) })
    }
}
