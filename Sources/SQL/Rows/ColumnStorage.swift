/// What kind of value a column holds, as ``DatabaseValue`` has them.
enum ColumnStorage {
    case null, integer, real, text, blob
}
