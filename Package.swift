// swift-tools-version: 6.2
import PackageDescription

// Every target speaks Swift 6 with the upcoming features that make borders visible: what a file uses it imports
// (MemberImportVisibility), what it re-exports it says (InternalImportsByDefault), what is boxed is written `any`.
let house: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    // CI turns warnings into errors; a newer compiler's new warning never breaks a user's build.
    + (Context.environment["WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)])

// The modules that hold unsafe code must mark every use of it.
let engineRoom: [SwiftSetting] = house + [.strictMemorySafety()]

let package = Package(
    name: "Panal",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "Panal", targets: ["Panal"]),
        .library(name: "Linux", targets: ["Linux"]),
        .library(name: "Values", targets: ["Values"]),
        .library(name: "Prefork", targets: ["Prefork"]),
        .library(name: "HTTPServer", targets: ["HTTPServer"]),
        .library(name: "Telemetry", targets: ["Telemetry"]),
        .library(name: "SQL", targets: ["SQL"]),
        .library(name: "Jobs", targets: ["Jobs"]),
        .library(name: "HTTPClient", targets: ["HTTPClient"]),
        .library(name: "CSQLite", targets: ["CSQLite"]),
        .library(name: "PanalTesting", targets: ["PanalTesting"]),
        .plugin(name: "BuildInfo", targets: ["BuildInfo"]),
        .plugin(name: "EmbedMigrations", targets: ["EmbedMigrations"]),
    ],
    dependencies: [
        // Narrow ranges: without a lock (Package.resolved) a build takes the newest of these, so only what mends faults.
        .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
        // Without the JSON trait: it would bring full Foundation and 45 MB of ICU.
        .package(url: "https://github.com/apple/swift-configuration", .upToNextMinor(from: "1.4.0"), traits: []),
        .package(url: "https://github.com/apple/swift-http-types", .upToNextMinor(from: "1.8.0")),
        .package(url: "https://github.com/apple/swift-log", .upToNextMinor(from: "1.16.2")),
        .package(url: "https://github.com/apple/swift-metrics", .upToNextMinor(from: "2.13.0")),
    ],
    targets: [
        // The outside world, as C sees it.
        .target(name: "CLinux"),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        // Without libpq's headers, and loaded by whoever asks for it: nothing is needed to build.
        .target(name: "CPostgreSQL"),
        // And without libcurl's.
        .target(name: "CCurl"),

        // The system's calls as safe Swift: everything above uses these.
        .target(name: "Linux", dependencies: ["CLinux"], swiftSettings: engineRoom),

        // Values that cannot be built wrong: dates, money, names, text. They know nothing of the world.
        .target(name: "Values", swiftSettings: house),

        // The engine room: three libraries that know neither each other nor the service.
        .target(name: "Prefork", dependencies: ["Linux"], swiftSettings: engineRoom),
        .target(
            name: "HTTPServer",
            dependencies: ["CLinux", "Linux", "Values", .product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: engineRoom
        ),
        .target(
            name: "Telemetry",
            dependencies: [
                "Linux", "Values", .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: engineRoom
        ),

        // One thread's connection to a database, and what compiles a folder of migrations in.
        .target(name: "SQL", dependencies: ["CPostgreSQL", "CSQLite", "Linux", "Values"], swiftSettings: engineRoom),
        // Calls to other services, which wait.
        .target(
            name: "HTTPClient",
            dependencies: ["CCurl", "Linux", "Values", .product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: engineRoom
        ),

        .executableTarget(name: "MigrationEmbedder", path: "Plugins/MigrationEmbedder", swiftSettings: house),
        .plugin(name: "EmbedMigrations", capability: .buildTool(), dependencies: ["MigrationEmbedder"]),

        // Work that no client waits for, kept in a database until it is done.
        .target(name: "Jobs", dependencies: ["Linux", "SQL", "Values"], swiftSettings: engineRoom),

        // What joins them for every service: settings, commands, health, bodies and their validation.
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
            resources: [.embedInCode("Ops/status.html"), .embedInCode("OpenAPI/docs.html")],
            swiftSettings: engineRoom
        ),

        // For the tests of services: routes on a database of their own.
        .target(
            name: "PanalTesting",
            dependencies: [
                "HTTPServer", "Panal", "Telemetry", "Values", .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: house
        ),

        // A service's release identity.
        .plugin(name: "BuildInfo", capability: .buildTool()),
    ],
    swiftLanguageModes: [.v6]
)

// The template and the tests. A vendored copy of the libraries (bin/new-service) ends above this line.

package.products.append(.executable(name: "App", targets: ["App"]))

package.targets += [
    // The sample domain and its store.
    .target(name: "Stays", dependencies: ["Values"], swiftSettings: house),
    .target(
        name: "StaysStore",
        dependencies: ["Jobs", "SQL", "Stays", "Values"],
        swiftSettings: house,
        plugins: ["EmbedMigrations"]
    ),

    // The composition root: the only module that knows all others.
    .executableTarget(
        name: "App",
        dependencies: [
            "HTTPClient", "HTTPServer", "Jobs", "Panal", "SQL", "Stays", "StaysStore", "Values",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: house,
        plugins: ["BuildInfo"]
    ),

    .testTarget(name: "LinuxTests", dependencies: ["Linux"], swiftSettings: house),
    .testTarget(name: "PreforkTests", dependencies: ["Linux", "Prefork"], swiftSettings: house),
    .testTarget(
        name: "HTTPServerTests",
        dependencies: ["HTTPServer", "Linux", "Values", .product(name: "HTTPTypes", package: "swift-http-types")],
        swiftSettings: house
    ),
    .testTarget(
        name: "TelemetryTests",
        dependencies: [
            "Linux", "Telemetry", "Values", .product(name: "Logging", package: "swift-log"),
            .product(name: "CoreMetrics", package: "swift-metrics"),
        ],
        swiftSettings: house
    ),
    .testTarget(
        name: "HTTPClientTests",
        dependencies: [
            "HTTPClient", "Linux", "ProcessHarness", .product(name: "HTTPTypes", package: "swift-http-types"),
        ],
        exclude: ["hostile_server.py"],
        swiftSettings: house
    ),
    .testTarget(name: "ValuesTests", dependencies: ["Values"], swiftSettings: house),
    .testTarget(name: "StaysTests", dependencies: ["Stays", "Values"], swiftSettings: house),
    // Databases that a test makes and that go with it.
    .target(name: "TestDatabases", dependencies: ["SQL"], path: "Tests/TestDatabases", swiftSettings: house),
    .testTarget(
        name: "SQLTests",
        dependencies: ["CSQLite", "Linux", "MigrationEmbedder", "SQL", "TestDatabases", "Values"],
        swiftSettings: house
    ),
    .testTarget(
        name: "JobsTests",
        dependencies: ["Jobs", "Linux", "SQL", "TestDatabases", "Values"],
        swiftSettings: house
    ),
    // One suite for every adapter of `StayStore`: the port's contract, as a library of checks.
    .target(
        name: "StoreContract",
        dependencies: ["Stays", "TestDatabases", "Values"],
        path: "Tests/StoreContract",
        swiftSettings: house
    ),
    // What races with others of its kind in the contract's name: the adapter's constructor as a process.
    .executableTarget(
        name: "StaysStoreRacer",
        dependencies: ["SQL", "StaysStore", "StoreContract"],
        path: "Tests/StaysStoreRacer",
        swiftSettings: house
    ),
    .testTarget(
        name: "StaysStoreTests",
        dependencies: [
            "Jobs", "SQL", "Stays", "StaysStore", "StaysStoreRacer", "StoreContract", "TestDatabases", "Values",
        ],
        swiftSettings: house
    ),
    .testTarget(
        name: "PanalTests",
        dependencies: [
            "HTTPClient", "HTTPServer", "Linux", "Panal", "Prefork", "ProcessHarness", "SQL", "Telemetry", "Values",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: house
    ),
    .testTarget(
        name: "AppTests",
        dependencies: [
            "App", "CSQLite", "HTTPServer", "Panal", "Prefork", "SQL", "Stays", "StaysStore", "Values",
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: house
    ),
    // The real binaries, real signals, real sockets. Engine and supervisor are tested on a service of a few routes, so that
    // a service which takes the sample away keeps those tests; few are about the template's own service.
    .executableTarget(
        name: "CrashingService",
        dependencies: ["Linux", "Prefork"],
        path: "Tests/CrashingService",
        swiftSettings: house
    ),
    .executableTarget(
        name: "PassingService",
        dependencies: ["Linux", "Prefork"],
        path: "Tests/PassingService",
        swiftSettings: house
    ),
    .executableTarget(
        name: "FixtureService",
        dependencies: [
            "HTTPClient", "HTTPServer", "Linux", "Panal", "SQL", "Telemetry", "Values",
            .product(name: "CoreMetrics", package: "swift-metrics"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
        ],
        path: "Tests/FixtureService",
        swiftSettings: house
    ),
    // A service of jobs that write down when they begin and end.
    .executableTarget(
        name: "JobsService",
        dependencies: ["Jobs", "Linux", "Panal", "SQL", "HTTPServer"],
        path: "Tests/JobsService",
        swiftSettings: house,
        plugins: ["EmbedMigrations"]
    ),
    .target(
        name: "ProcessHarness",
        dependencies: ["CLinux", "CSQLite"],
        path: "Tests/ProcessHarness",
        exclude: ["otlp_collector.py"],
        swiftSettings: house
    ),
    .testTarget(
        name: "ProcessTests",
        dependencies: ["App", "CLinux", "CrashingService", "FixtureService", "PassingService", "ProcessHarness"],
        swiftSettings: house
    ),
    .testTarget(
        name: "AppProcessTests",
        dependencies: [
            "App", "HTTPServer", "Jobs", "JobsService", "Panal", "ProcessHarness", "SQL", "TestDatabases", "Values",
            .product(name: "HTTPTypes", package: "swift-http-types"),
        ],
        swiftSettings: house
    ),
]
