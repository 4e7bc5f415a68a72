import Glibc
import HTTPServer

// libFuzzer's entry points (https://llvm.org/docs/LibFuzzer.html). It brings `main`, makes up inputs that reach code no
// input before has reached, and keeps those in the corpus folder, the first argument that is no option.

/// Plants the corpus: what the tests know to be hostile, and one of each kind of input beside requests.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
    let options = (1..<Int(count.pointee)).compactMap { arguments.pointee[$0].map { String(cString: $0) } }
    // A file is a finding that is to be shown again.
    guard let folder = options.first(where: { !$0.hasPrefix("-") }), isFolder(folder) else { return 0 }
    let seeds = HostileCase.all.map { (name: $0.name, bytes: $0.bytes) } + others
    for (index, seed) in seeds.enumerated() where seed.bytes.count <= longestSeed {
        let file = open("\(folder)/seed-\(index)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0, write(file, seed.bytes, seed.bytes.count) == seed.bytes.count else {
            fatalError("cannot write the corpus to \(folder): errno \(errno)")
        }
        close(file)
    }
    return 0
}

private func isFolder(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(descriptor) }
    return descriptor >= 0
}

/// The limits below are reached by less.
private let longestSeed = 2048

private let others: [(name: String, bytes: [UInt8])] = [
    ("a field", "X-Request-ID: \t abc-1 \t "), ("a long field", "Accept-Language: en-GB,en;q=0.5, de;q=0.1"),
    ("chunk extensions", ";a=b ; c = \"d\\\"\""),
    ("a path", "rooms/101/ab"), ("another path", "x/b/z"), ("a query", "a=1&b=%C3%A9+%26&&c==&d"),
].map { ($0.0, Array($0.1.utf8)) }

/// Small limits, so that small inputs reach them.
private let feed: Feed = {
    var feed = Feed()
    feed.configuration.maxRequestLineSize = 256
    feed.configuration.maxFieldSize = 256
    feed.configuration.maxFieldSectionSize = 512
    feed.configuration.maxFieldCount = 8
    feed.maxBodySize = 128
    return feed
}()

/// Asks for every property of one input. A trap in the engine is as much of a finding as an answer.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    // The same cuts for the same input, or no finding could be shown again.
    var generator = SeededGenerator(seed: bytes.reduce(UInt64(count)) { $0 &* 31 &+ UInt64($1) })
    let faults = [
        "connection": Property.connection(bytes, feed, using: &generator),
        "field line": Property.fieldLine(bytes),
        "chunks": Property.chunks(bytes, using: &generator),
        "chunk extensions": Property.chunkExtensions(bytes),
        "path": Property.path(bytes),
        "query": Property.query(bytes),
    ]
    for case (let name, let fault?) in faults { fatalError("\(name): \(fault)") }
    return 0
}
