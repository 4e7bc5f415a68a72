// swift-tools-version: 6.2
import PackageDescription

// A package of its own beside the service: what strangers' benchmarks ask for, on HTTPServer and Prefork alone.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Arena",
    platforms: [.macOS(.v26)],
    products: [.executable(name: "Arena", targets: ["Arena"])],
    dependencies: [
        .package(name: "panal", path: "../.."),
        .package(url: "https://github.com/apple/swift-http-types", .upToNextMinor(from: "1.8.0")),
    ],
    targets: [
        .executableTarget(
            name: "Arena",
            dependencies: [
                .product(name: "HTTPServer", package: "panal"),
                .product(name: "Prefork", package: "panal"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: house
        )
    ],
    swiftLanguageModes: [.v6]
)
