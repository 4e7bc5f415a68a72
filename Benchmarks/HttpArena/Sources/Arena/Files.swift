import Glibc

/// The bytes of a file, read from the disk each time; `nil` when it cannot be read.
func contents(of path: String) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let size = Int(status.st_size)
    var isWhole = true
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        while count < size {
            let read = unsafe Glibc.read(file, buffer.baseAddress! + count, size - count)
            guard read > 0 else { break }
            count += read
        }
        isWhole = count == size
    }
    return isWhole ? bytes : nil
}
