/// The names of this program's functions.
enum SymbolTable {
    static func names(of addresses: [UInt64]) -> [String] {
        addresses.map { "0x" + String($0, radix: 16) }
    }
}
