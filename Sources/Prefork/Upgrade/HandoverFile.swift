import CLinux
import Glibc

/// The anonymous file in which a handover travels.
///
/// The answers behind it are "rehearsed", or "failed" and a reason.
struct HandoverFile {
    private static let rehearsed = "rehearsed"
    private static let failed = "failed "

    let descriptor: CInt

    /// What the program that started this one handed to it, read once. Takes the variable out of the environment, so that no
    /// other program believes it was meant for it.
    static let received: (file: HandoverFile, handover: Handover)? = {
        guard let descriptor = environmentValue(Handover.variable).flatMap({ CInt($0) }) else { return nil }
        let file = HandoverFile(descriptor: descriptor)
        guard let handover = file.content.flatMap({ Handover(text: $0) }) else { return nil }
        unsafe unsetenv(Handover.variable)
        for inherited in handover.descriptors + [descriptor] { inherited.isInheritable = false }
        if handover.program >= 0 { Glibc.close(handover.program) }
        return (file, handover)
    }()

    private init(descriptor: CInt) { self.descriptor = descriptor }

    init(_ handover: Handover) throws(SystemError) {
        let descriptor = unsafe clinux_memfd("handover")
        guard descriptor >= 0 else { throw SystemError("memfd_create") }
        self.descriptor = descriptor
        append(handover.text)
    }

    func close() { Glibc.close(descriptor) }

    // MARK: - Answers

    func answerRehearsed() { append(Self.rehearsed + "\n") }
    func answerFailed(_ reason: String) { append(Self.failed + reason + "\n") }

    var isRehearsed: Bool { lines.contains(Self.rehearsed[...]) }

    var failure: String? {
        lines.first { $0.hasPrefix(Self.failed) }.map { String($0.dropFirst(Self.failed.count)) }
    }

    private var lines: [Substring] { content?.split(separator: "\n") ?? [] }
    private var content: String? {
        lseek(descriptor, 0, SEEK_SET)
        return SystemFile.read(descriptor)
    }

    private func append(_ text: String) {
        lseek(descriptor, 0, SEEK_END)
        var bytes = Array(text.utf8)
        _ = unsafe write(descriptor, &bytes, bytes.count)
    }
}

extension CInt {
    /// As a descriptor: whether a program that this process executes gets it.
    var isInheritable: Bool {
        get { fcntl(self, F_GETFD) & FD_CLOEXEC == 0 }
        nonmutating set { _ = fcntl(self, F_SETFD, newValue ? 0 : FD_CLOEXEC) }
    }
}
