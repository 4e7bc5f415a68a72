import CCurl
import Glibc
import Linux

/// libcurl, loaded when it is first asked for, and what it asks back.
enum CurlLibrary {
    /// Whether it was loaded, or is known not to be there.
    static var wasTried: Bool { ccurl_tried() }

    /// - Throws: When it is not there, each time.
    static func load(for host: String) throws(HTTPClientError) {
        let callbacks = unsafe ccurl_callbacks(
            head: { bytes, _, count, context in
                unsafe transfer(context).take(head: UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
            },
            body: { bytes, _, count, context in
                switch unsafe transfer(context).take(body: UnsafeRawBufferPointer(start: bytes, count: count)) {
                case .taken: count
                case .later: Int(CCURL_PAUSE)
                case .refused: 0
                }
            },
            upload: { bytes, one, count, context in
                let room = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: one * count)
                return unsafe transfer(context).give(room) ?? Int(CCURL_PAUSE)
            },
            will_send: { context in unsafe transfer(context).willSend() },
            may_connect: { address, length, context in
                var storage = sockaddr_storage()
                let size = min(Int(length), MemoryLayout<sockaddr_storage>.size)
                unsafe withUnsafeMutableBytes(of: &storage) {
                    unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size))
                }
                return unsafe transfer(context).mayConnect(to: SocketAddress(storage, length: socklen_t(size)))
            }
        )
        func load() -> String? {
            guard let fault = unsafe ccurl_load(callbacks) else { return nil }
            return unsafe String(cString: fault)
        }
        // The first time it and some twenty libraries that it needs are read, while others wait for this thread.
        if let fault = wasTried ? load() : blocking({ load() }) {
            throw HTTPClientError(.cannotLoadLibrary(fault), host: host)
        }
    }
}

/// The transfer that libcurl was told of as a handle's context.
private func transfer(_ context: UnsafeMutableRawPointer) -> Transfer {
    unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}
