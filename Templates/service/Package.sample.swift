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
        .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
        .package(url: "https://github.com/apple/swift-http-types", .upToNextMinor(from: "1.8.0")),
        .package(url: "https://github.com/apple/swift-log", .upToNextMinor(from: "1.16.2")),
    ],
    targets: [
        // What the service is about: values, rules, and what it needs kept. Imports nothing that reads or writes.
        .target(name: "Stays", dependencies: [panal("Values")], swiftSettings: house),
        // How that is kept: SQL. A file in Migrations is a migration.
        .target(
            name: "StaysStore",
            dependencies: ["Stays", panal("Jobs"), panal("SQL"), panal("Values")],
            swiftSettings: house,
            plugins: [panal(plugin: "EmbedMigrations")]
        ),
        // The program: what it answers to which request.
        .executableTarget(
            name: "Starter",
            dependencies: [
                "Stays", "StaysStore", panal("HTTPClient"), panal("HTTPServer"), panal("Jobs"), panal("Panal"),
                panal("SQL"), panal("Values"),
                httpTypes,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house,
            plugins: [panal(plugin: "BuildInfo")]
        ),
        .testTarget(name: "StaysTests", dependencies: ["Stays", panal("Values")], swiftSettings: house),
        .target(name: "TestDatabases", dependencies: [panal("SQL")], path: "Tests/TestDatabases", swiftSettings: house),
        // One suite for every adapter of `StayStore`: the port's contract, as a library of checks.
        .target(
            name: "StoreContract",
            dependencies: ["Stays", "TestDatabases", panal("Values")],
            path: "Tests/StoreContract",
            swiftSettings: house
        ),
        .testTarget(
            name: "StaysStoreTests",
            dependencies: [
                "Stays", "StaysStore", "StoreContract", "TestDatabases", panal("Jobs"), panal("SQL"), panal("Values"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "StarterTests",
            dependencies: [
                "Starter", "Stays", "StaysStore", panal("CSQLite"), panal("HTTPServer"), panal("Panal"),
                panal("Prefork"),
                panal("SQL"), panal("Values"), httpTypes, .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house
        ),
    ],
    swiftLanguageModes: [.v6]
)
