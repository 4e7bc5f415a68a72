import CLinux

/// What a process is about, prepared for the process title that `ps` shows: "busy GET /v1/rooms/{id}".
///
/// Prepare one for each kind of work, and show it when that work begins: this costs some fifty instructions and no system
/// call. Everybody on the host can read it, so it must name kinds of requests and not what is in them.
@safe public struct Activity: @unchecked Sendable {
    private static let size = 64
    /// Never written to again, and kept for as long as the process lives: there are as many as there are routes.
    private let text: UnsafeRawPointer

    /// What is longer than 62 bytes is cut.
    public init(_ words: String) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.size, alignment: Self.size)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        // The last byte stays zero.
        unsafe memory.copyBytes(from: (" " + words).utf8.prefix(Self.size - 1))
        unsafe text = UnsafeRawPointer(memory.baseAddress!)
    }

    /// Shows it behind the title, which has to be set before. One thread at a time may.
    public func show() { unsafe clinux_show_activity(text) }
}
