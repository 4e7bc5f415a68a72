/// What a type is called in a schema.
enum SchemaName {
    /// `NewOrder`; `ItemRecord` of `Record<Item>`.
    static func of(_ type: Any.Type) -> String {
        var text = Substring(String(describing: type))
        return take(&text)
    }

    /// One name and the arguments in angle brackets behind it.
    private static func take(_ text: inout Substring) -> String {
        let written = text.prefix { !"<>,".contains($0) }
        text = text[written.endIndex...]
        // Of `Shop.Order` the last name is enough; blanks and parentheses are of types without a name.
        let name = (written.split(separator: ".").last ?? "").filter { $0.isLetter || $0.isNumber || $0 == "_" }
        guard text.first == "<" else { return name }
        var arguments = ""
        while let separator = text.popFirst(), separator != ">" { arguments += take(&text) }
        return arguments + name
    }
}
