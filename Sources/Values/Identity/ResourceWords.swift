/// What people call a resource, made of its type's name: "a room" of `Room`, "an order line" of `OrderLine`.
enum ResourceWords {
    static func withArticle(_ resource: Any.Type) -> String {
        var words = ""
        for character in String(describing: resource) {
            if character.isUppercase, !words.isEmpty { words += " " }
            words += character.lowercased()
        }
        guard let first = words.first else { return words }
        return ("aeiou".contains(first) ? "an " : "a ") + words
    }
}
