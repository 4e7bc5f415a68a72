// swift-tools-version: 6.2
import PackageDescription

// The engine under libFuzzer: a package of its own, because `-sanitize=fuzzer` brings another `main`, and because the
// service's package must not carry unsafe flags. bin/fuzz builds it; the files linked into Sources/ are the tests' own.
let package = Package(
    name: "Fuzzing",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "Panal", path: "../.."),
        .package(url: "https://github.com/apple/swift-http-types", .upToNextMinor(from: "1.8.0")),
    ],
    targets: [
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                .product(name: "HTTPServer", package: "Panal"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .unsafeFlags(["-parse-as-library"]),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
