import Glibc
import Linux
import Testing

@Suite("Symbol table")
struct SymbolTableTests {
    @Test("a function of the C library is known by name, from inside it")
    func library() {
        let start = unsafeBitCast(getpid as @convention(c) () -> pid_t, to: UInt.self)
        #expect(SymbolTable.names(of: [UInt64(start) + 4]).first?.contains("getpid") == true)
    }

    @Test("an address in nothing is given as it is")
    func nothing() {
        #expect(SymbolTable.names(of: [0x10]) == ["0x10"])
        #expect(SymbolTable.names(of: []).isEmpty)
    }

    @Test("Swift's names are made readable, others are left alone")
    func demangled() {
        #expect(
            SymbolTable.demangled("$s7Prefork8ListenerC10descriptors5Int32Vvg").contains("Prefork.Listener.descriptor")
        )
        #expect(SymbolTable.demangled("nanosleep") == "nanosleep")
    }
}
