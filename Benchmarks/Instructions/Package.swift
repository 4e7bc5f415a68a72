// swift-tools-version: 6.2
import PackageDescription

// The service's own modules, built once more for measuring: bin/instructions links their sources into Modules/, and
// what is in Inside/ with them. So the functions inside of a module are at hand, in the build that a release is: a test
// build (`-enable-testing`) would make every access to a property cost what it costs nowhere else.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Instructions",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
        .package(url: "https://github.com/apple/swift-configuration", .upToNextMinor(from: "1.4.0"), traits: []),
        .package(url: "https://github.com/apple/swift-http-types", .upToNextMinor(from: "1.8.0")),
        .package(url: "https://github.com/apple/swift-log", .upToNextMinor(from: "1.16.2")),
        .package(url: "https://github.com/apple/swift-metrics", .upToNextMinor(from: "2.13.0")),
    ],
    targets: [
        .target(name: "CLinux", path: "Modules/CLinux"),
        .target(name: "Linux", dependencies: ["CLinux"], path: "Modules/Linux", swiftSettings: house),
        .systemLibrary(name: "CSQLite", path: "Modules/CSQLite"),
        .target(name: "CPostgreSQL", path: "Modules/CPostgreSQL"),
        .target(name: "CCurl", path: "Modules/CCurl"),
        .target(
            name: "HTTPClient",
            dependencies: ["CCurl", "Linux", "Values", .product(name: "HTTPTypes", package: "swift-http-types")],
            path: "Modules/HTTPClient",
            swiftSettings: house
        ),
        .target(name: "Prefork", dependencies: ["Linux"], path: "Modules/Prefork", swiftSettings: house),
        .target(
            name: "HTTPServer",
            dependencies: ["CLinux", "Linux", "Values", .product(name: "HTTPTypes", package: "swift-http-types")],
            path: "Modules/HTTPServer",
            swiftSettings: house
        ),
        .target(
            name: "Telemetry",
            dependencies: [
                "Linux", "Values", .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Modules/Telemetry",
            swiftSettings: house
        ),
        .target(name: "Values", path: "Modules/Values", swiftSettings: house),
        .target(name: "Stays", dependencies: ["Values"], path: "Modules/Stays", swiftSettings: house),
        .target(
            name: "SQL",
            dependencies: ["CPostgreSQL", "CSQLite", "Linux", "Values"],
            path: "Modules/SQL",
            swiftSettings: house
        ),
        .executableTarget(name: "MigrationEmbedder", path: "Modules/MigrationEmbedder", swiftSettings: house),
        .plugin(
            name: "EmbedMigrations",
            capability: .buildTool(),
            dependencies: ["MigrationEmbedder"],
            path: "Modules/EmbedMigrations"
        ),
        .target(name: "Jobs", dependencies: ["Linux", "SQL", "Values"], path: "Modules/Jobs", swiftSettings: house),
        .target(
            name: "StaysStore",
            dependencies: ["Jobs", "SQL", "Stays", "Values"],
            path: "Modules/StaysStore",
            swiftSettings: house,
            plugins: ["EmbedMigrations"]
        ),
        .target(
            name: "Panal",
            dependencies: [
                "HTTPClient", "HTTPServer", "Jobs", "Linux", "Prefork", "SQL", "Telemetry", "Values",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Modules/Panal",
            resources: [.embedInCode("Ops/status.html"), .embedInCode("OpenAPI/docs.html")],
            swiftSettings: house
        ),
        // The part of App that a request passes through, with another `main`.
        .executableTarget(
            name: "Instructions",
            dependencies: [
                "HTTPClient", "HTTPServer", "Jobs", "Linux", "Panal", "Prefork", "SQL", "Stays", "StaysStore",
                "Telemetry", "Values",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Modules/App",
            swiftSettings: house
        ),
    ],
    swiftLanguageModes: [.v6]
)
