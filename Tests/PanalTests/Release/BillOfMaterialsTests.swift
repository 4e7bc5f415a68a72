import Foundation
import Testing

@testable import Panal

@Suite("The bill of materials")
struct BillOfMaterialsTests {
    private static let packages = """
        [{"name":"swift-log","version":"1.16.2","revision":"c2cb","location":"https://github.com/apple/swift-log.git",
          "licence":"Apache-2.0","needs":[]},
         {"name":"shop-kit","location":"/home/ada/shop-kit","needs":["swift-log","unknown"]},
         {"name":"swift","version":"6.3.1","licence":"Apache-2.0 WITH Swift-exception","needs":[]}]
        """

    private func bill(revision: String = "abc") -> BillOfMaterials {
        BillOfMaterials(
            info: ServiceInfo(
                name: "shop",
                summary: "Sells.",
                revision: revision,
                date: "2030-01-10T00:00:00Z",
                packages: Self.packages
            ),
            packages: SoftwarePackage.list(in: Self.packages),
            libraries: [
                SystemPackage(
                    name: "libsqlite3-0",
                    version: "3.40.1-2+deb12u2",
                    url: "pkg:deb/debian/libsqlite3-0@3.40.1-2%2Bdeb12u2?arch=amd64",
                    files: ["/usr/lib/libsqlite3.so.0.8.6"],
                    isOptional: false
                )
            ]
        )
    }

    @Test("names the service, its packages with release, licence and package URL, and the system's libraries")
    func contents() throws {
        let object = try JSONSerialization.jsonObject(with: Data(bill().json().utf8))
        let document = try #require(object as? [String: Any])
        #expect(document["specVersion"] as? String == "1.6")
        let metadata = try #require(document["metadata"] as? [String: Any])
        #expect(metadata["timestamp"] as? String == "2030-01-10T00:00:00Z")
        let components = try #require(document["components"] as? [[String: Any]])
        #expect(components.compactMap { $0["name"] as? String } == ["swift-log", "shop-kit", "swift", "libsqlite3-0"])
        #expect(
            components.map { $0["purl"] as? String } == [
                "pkg:swift/github.com/apple/swift-log@1.16.2", nil, "pkg:github/swiftlang/swift@swift-6.3.1-RELEASE",
                "pkg:deb/debian/libsqlite3-0@3.40.1-2%2Bdeb12u2?arch=amd64",
            ]
        )
        #expect(components[0]["licenses"] as? [[String: String]] == [["expression": "Apache-2.0"]])
        let dependencies = try #require(document["dependencies"] as? [[String: Any]])
        let kit = dependencies.first { $0["ref"] as? String == "swift:shop-kit" }
        #expect(kit?["dependsOn"] as? [String] == ["swift:swift-log"])
    }

    @Test("says nothing of the folders that a package was built in")
    func folders() throws {
        #expect(try !bill().json().contains("/home/ada"))
    }

    @Test("is the same for the same release, and has another number for another")
    func serialNumber() throws {
        func number(_ bill: BillOfMaterials) throws -> Substring {
            try #require(
                bill.json().firstMatch(
                    of: /urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
                )?.output
            )
        }
        #expect(try bill().json() == bill().json())
        #expect(try number(bill()) != number(bill(revision: "def")))
    }

    @Test(
        "knows a repository by any of its addresses",
        arguments: [
            "https://github.com/apple/swift-log", "https://github.com/apple/swift-log.git",
            "ssh://git@github.com/apple/swift-log.git", "git@github.com:apple/swift-log.git",
        ]
    )
    func addresses(location: String) {
        let package = SoftwarePackage(
            name: "swift-log",
            version: "1.0.0",
            revision: nil,
            location: location,
            licence: nil,
            needs: []
        )
        #expect(package.url == "pkg:swift/github.com/apple/swift-log@1.0.0")
    }

    @Test("knows from which of Debian's packages a library is, before and after /lib became a link")
    func debian() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        func write(_ text: String, to path: String) throws {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        try write("ID=debian\nVERSION_ID=\"12\"\n", to: "etc/os-release")
        try write(
            """
            Package: libc6
            Status: install ok installed
            Architecture: amd64
            Version: 2.36-9+deb12u14
            Description: the library
             of C

            Package: libgone
            Status: deinstall ok config-files
            Architecture: amd64
            Version: 1
            """,
            to: "var/lib/dpkg/status"
        )
        try write(
            "/.\n/lib/x86_64-linux-gnu/libc.so.6\n/lib/x86_64-linux-gnu/libm.so.6\n",
            to: "var/lib/dpkg/info/libc6:amd64.list"
        )
        try write("/usr/lib/libgone.so.1\n", to: "var/lib/dpkg/info/libgone.list")
        let files =
            ["libc.so.6", "libm.so.6"].map { "/usr/lib/x86_64-linux-gnu/" + $0 } + [
                "/usr/lib/libgone.so.1.2", "/opt/libown.so",
            ]
        let found = SystemPackage.of(
            files,
            linked: [files[0]],
            packages: DebianPackages(root: root.path())
        )
        #expect(
            found == [
                SystemPackage(
                    name: "libc6",
                    version: "2.36-9+deb12u14",
                    url: "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12",
                    files: Array(files[..<2]),
                    isOptional: false
                ),
                SystemPackage(name: "libgone", version: "1.2", url: nil, files: [files[2]], isOptional: true),
                SystemPackage(name: "libown", version: nil, url: nil, files: [files[3]], isOptional: true),
            ]
        )
    }
}
