import CSQLite

/// A value that a statement's parameter can take.
protocol Bindable {
    /// Binds it to the parameter with this number, from 1; the result code of SQLite.
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32
}

extension Int: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        unsafe sqlite3_bind_int64(statement, index, Int64(self))
    }
}

extension Int64: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        unsafe sqlite3_bind_int64(statement, index, self)
    }
}

extension String: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        var text = self
        return text.withUTF8 { bytes in
            // SQLite takes no pointer as null; an empty text has an address of its own.
            guard let start = bytes.baseAddress else { return unsafe csqlite_bind_text(statement, index, "", 0) }
            return unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                unsafe csqlite_bind_text(statement, index, $0, Int32(bytes.count))
            }
        }
    }
}
