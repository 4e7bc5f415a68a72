// swift-tools-version: 6.2
import PackageDescription

let house: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    // bin/test turns warnings into errors; a newer compiler's new warning never breaks a build.
    + (Context.environment["WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)])

// The libraries that serve: every service has them, and nobody copies them.
func panal(_ library: String) -> Target.Dependency { .product(name: library, package: "panal") }
func panal(plugin: String) -> Target.PluginUsage { .plugin(name: plugin, package: "panal") }
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
    name: "starter",
    platforms: [.macOS(.v26)],
    products: [.executable(name: "starter", targets: ["Starter"])],
    dependencies: [
        .package(path: "../panal"),
        .package(url: "https://github.com/apple/swift-http-types", .upToNextMinor(from: "1.8.0")),
    ],
    targets: [
        // What the service is about: values, rules, and what it needs kept. Imports nothing that reads or writes.
        .target(name: "Items", dependencies: [panal("Values")], swiftSettings: house),
        // How that is kept: SQL. A file in Migrations is a migration.
        .target(
            name: "ItemsStore",
            dependencies: ["Items", panal("SQL"), panal("Values")],
            swiftSettings: house,
            plugins: [panal(plugin: "EmbedMigrations")]
        ),
        // The program: what it answers to which request.
        .executableTarget(
            name: "Starter",
            dependencies: [
                "Items", "ItemsStore", panal("HTTPServer"), panal("Panal"), panal("SQL"), panal("Values"), httpTypes,
            ],
            swiftSettings: house,
            plugins: [panal(plugin: "BuildInfo")]
        ),
        .testTarget(
            name: "StarterTests",
            dependencies: ["Starter", panal("HTTPServer"), panal("PanalTesting"), httpTypes],
            swiftSettings: house
        ),
    ],
    swiftLanguageModes: [.v6]
)
