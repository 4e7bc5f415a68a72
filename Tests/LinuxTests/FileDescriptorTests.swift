import Glibc
import Linux
import Testing

@Suite("File descriptors")
struct FileDescriptorTests {
    /// Whether a descriptor's number stands for that open file: numbers are given out again by other tests at once.
    private func isOpen(_ number: CInt, as other: borrowing FileDescriptor) -> Bool {
        var (left, right) = (stat(), stat())
        return fstat(number, &left) == 0 && fstat(other.rawValue, &right) == 0 && left.st_ino == right.st_ino
            && left.st_dev == right.st_dev
    }

    @Test("a descriptor is closed when its value ends")
    func closes() throws {
        let witness: FileDescriptor
        let number: CInt
        do {
            let file = try FileDescriptor.inMemory("closes")
            witness = try file.duplicate()
            number = file.rawValue
            let before = isOpen(number, as: witness)
            #expect(before)
        }
        let after = isOpen(number, as: witness)
        #expect(!after)
    }

    @Test("a descriptor that was given away stays open, and is its new owner's to close")
    func release() throws {
        let number = try FileDescriptor.inMemory("released").release()
        #expect(fcntl(number, F_GETFD) >= 0)
        let again = FileDescriptor(owning: number)
        let value = again.rawValue
        #expect(value == number)
    }

    @Test("no program that is executed gets a descriptor unless that is said")
    func inheritance() throws {
        let file = try FileDescriptor.open("/proc/self/stat", O_RDONLY)
        let copy = try file.duplicate()
        let before = [file.isInheritable, copy.isInheritable]
        file.isInheritable = true
        let after = [file.isInheritable, copy.isInheritable]
        #expect(before == [false, false])
        #expect(after == [true, false])
    }

    @Test("a call that fails says which file and why")
    func failure() {
        #expect(throws: SystemError("open /nowhere/at-all", code: ENOENT)) {
            let file = try FileDescriptor.open("/nowhere/at-all", O_RDONLY)
            _ = file.rawValue
        }
        let error = SystemError("open /nowhere", code: ENOENT)
        #expect(error.description == "open /nowhere failed: No such file or directory")
    }
}
