import Glibc
import Linux

/// The anonymous file in which a handover travels.
///
/// The answers behind it are "rehearsed", or "failed" and a reason: words that every version has to know.
final class HandoverFile: Sendable {
    private static let passed = "rehearsed"
    private static let failed = "failed "

    private let file: FileDescriptor

    /// What the program that started this one handed to it, read once. Takes the variable out of the environment, so that no
    /// other program believes it was meant for it. The descriptor is the file's: who runs the supervisor owns it.
    static let received: (descriptor: CInt, handover: Handover)? = {
        guard let descriptor = CurrentProcess.environment(Handover.variable).flatMap({ CInt($0) }), descriptor >= 0,
            let handover = content(of: descriptor).flatMap({ Handover(text: $0) })
        else { return nil }
        CurrentProcess.setEnvironment(Handover.variable, to: nil)
        for inherited in handover.descriptors + [descriptor] { FileDescriptor.setInheritable(false, inherited) }
        // Of no use to this program: closed at once.
        if handover.program >= 0 { _ = FileDescriptor(owning: handover.program) }
        return (descriptor, handover)
    }()

    init(owning file: consuming FileDescriptor) { self.file = file }

    init(_ handover: Handover) throws(SystemError) {
        file = try .inMemory("handover")
        append(handover.text)
    }

    var descriptor: CInt { file.rawValue }

    // MARK: - Answers

    func answerPassed() { append(Self.passed + "\n") }
    func answerFailed(_ reason: String) { append(Self.failed + reason + "\n") }

    var isPassed: Bool { lines.contains(Self.passed[...]) }

    var failure: String? {
        lines.first { $0.hasPrefix(Self.failed) }.map { String($0.dropFirst(Self.failed.count)) }
    }

    private var lines: [Substring] { content?.split(separator: "\n") ?? [] }
    private var content: String? { Self.content(of: descriptor) }

    private static func content(of descriptor: CInt) -> String? {
        lseek(descriptor, 0, SEEK_SET)
        return SystemFile.read(descriptor)
    }

    private func append(_ text: String) {
        lseek(descriptor, 0, SEEK_END)
        SystemFile.write(text, to: descriptor)
    }
}
