import CLinux
import Glibc

/// The names of functions by address: those of this program from its own file (elf(5)), those of libraries from the
/// dynamic linker (dladdr(3)).
///
/// A stripped program has no names left. Then a place in it is given as an offset, which `addr2line` finds in the
/// unstripped file.
public enum SymbolTable {
    /// What people can make out at a glance: a longer name is cut.
    private static let longestName = 160

    /// Names for return addresses, innermost first.
    public static func names(of addresses: [UInt64]) -> [String] {
        guard !addresses.isEmpty else { return [] }
        let program = MappedFile("/proc/self/exe")
        let base = clinux_program_base()
        return addresses.enumerated().map { index, address in
            // A return address is behind the call, and perhaps behind the function when that never returns.
            let place = index == 0 ? address : address - 1
            let name = program.flatMap { symbol(at: place &- base, in: $0) } ?? exported(place)
            return name.map { String(demangled($0).prefix(longestName)) } ?? offset(address)
        }
    }

    /// "stays.Rooms.room(_:)" for "$s5stays5RoomsV4roomyS2iF".
    public static func demangled(_ name: String) -> String {
        guard name.hasPrefix("$s"), let text = unsafe swift_demangle(name, name.utf8.count, nil, nil, 0) else {
            return name
        }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    private static func exported(_ address: UInt64) -> String? {
        guard let name = unsafe clinux_locate(address).symbol else { return nil }
        return unsafe String(cString: name)
    }

    private static func offset(_ address: UInt64) -> String {
        let place = unsafe clinux_locate(address)
        guard let file = unsafe place.file else { return "0x" + String(address, radix: 16) }
        let name = unsafe String(cString: file).split(separator: "/").last ?? "?"
        return unsafe "\(name)+0x" + String(address &- place.base, radix: 16)
    }

    // MARK: - ELF, 64 bits

    private enum Section {
        static let symbolTable: UInt32 = 2
        static let type = 0x04
        static let offset = 0x18
        static let size = 0x20
        static let link = 0x28
    }

    private enum Symbol {
        static let size = 24
        static let info = 4
        static let value = 8
        static let length = 16
        static let function: UInt8 = 2
    }

    /// The function at an address of the file's own.
    private static func symbol(at address: UInt64, in file: MappedFile) -> String? {
        guard let start: UInt64 = file.load(at: 0x28), let size: UInt16 = file.load(at: 0x3a),
            let count: UInt16 = file.load(at: 0x3c)
        else { return nil }
        let sections = (0..<Int(count)).map { Int(clamping: start) + $0 * Int(size) }
        guard let table = sections.first(where: { file.load(at: $0 + Section.type) == Section.symbolTable }),
            let link: UInt32 = file.load(at: table + Section.link), Int(link) < sections.count,
            let names: UInt64 = file.load(at: sections[Int(link)] + Section.offset),
            let first: UInt64 = file.load(at: table + Section.offset),
            let length: UInt64 = file.load(at: table + Section.size)
        else { return nil }
        for index in 0..<Int(clamping: length) / Symbol.size {
            let symbol = Int(clamping: first) + index * Symbol.size
            guard let value: UInt64 = file.load(at: symbol + Symbol.value), value <= address,
                let length: UInt64 = file.load(at: symbol + Symbol.length), address - value < length,
                let info: UInt8 = file.load(at: symbol + Symbol.info), info & 15 == Symbol.function,
                let name: UInt32 = file.load(at: symbol)
            else { continue }
            return file.text(at: Int(clamping: names) + Int(name))
        }
        return nil
    }
}
