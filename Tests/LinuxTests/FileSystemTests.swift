import Testing

@testable import Linux

@Suite("File systems")
struct FileSystemTests {
    private let mounts = """
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
        30 22 0:26 / /data rw - overlay overlay rw,lowerdir=/x
        31 30 8:2 / /data/my\\040disk rw,noatime shared:2 master:3 - xfs /dev/sdb1 rw
        32 22 0:27 / /tmp rw - ext4 /dev/sdc rw
        33 32 0:28 / /tmp rw - tmpfs tmpfs rw
        a line that is none
        """

    @Test("the mount that is nearest above a path says its kind, and the last one of several at one place")
    func kinds() {
        func kind(_ path: String) -> String { FileSystem.kind(at: path, mounts: mounts) }
        #expect(kind("/") == "ext4")
        #expect(kind("/srv/x") == "ext4")
        #expect(kind("/data") == "overlay")
        #expect(kind("/data/x") == "overlay")
        #expect(kind("/database") == "ext4")
        #expect(kind("/data/my disk/x") == "xfs")
        #expect(kind("/tmp/x") == "tmpfs")
        #expect(FileSystem.kind(at: "/", mounts: "") == "")
    }

    @Test("this host's has room, and there is none where nothing is")
    func current() throws {
        let root = try #require(FileSystem(at: "/"))
        #expect(root.totalBytes > 0)
        #expect(root.freeBytes <= root.totalBytes)
        #expect(!root.kind.isEmpty)
        #expect(FileSystem(at: "/proc")?.kind == "proc")
        #expect(FileSystem(at: "/nowhere/at/all") == nil)
    }
}
