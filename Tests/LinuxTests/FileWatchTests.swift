import Glibc
import Linux
import Testing

@Suite("A watched file")
struct FileWatchTests {
    @Test("wakes whoever waits when it is touched, also after it was taken away")
    func touches() throws {
        let path = "/tmp/panal-watch-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { SystemFile.remove(path) }
        let watch = try FileWatch(path, madeAs: "/dev/null")
        let another = try FileWatch(path, madeAs: "/dev/null")
        #expect(!Poll.isReady(watch.rawValue, .read))
        FileWatch.touch(path)
        #expect(Poll.isReady(watch.rawValue, .read))
        #expect(Poll.isReady(another.rawValue, .read))
        try watch.clear()
        #expect(!Poll.isReady(watch.rawValue, .read))
        SystemFile.remove(path)
        #expect(Poll.isReady(watch.rawValue, .read))
        try watch.clear()
        try another.clear()
        FileWatch.touch(path)
        #expect(Poll.isReady(watch.rawValue, .read))
        // Nobody's is nobody's trouble.
        FileWatch.touch("/tmp/panal-watch-nobody")
    }
}
