/// Lists as people write them: elements separated by commas, spaces around them allowed.
enum ListText {
    /// The elements, or `nil` when one of them is not as expected.
    ///
    /// Empty elements separate nothing and are passed over, so that `"$OLD,$NEW"` works while one of the two is unset. A
    /// text without any element is refused: it was meant to name something. Only the empty text, which is a variable
    /// that is unset, is the empty list.
    static func parse<Element>(_ text: String, _ element: (String) -> Element?) -> [Element]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
        let elements = parts.compactMap { element(String($0)) }
        return parts.isEmpty || elements.count < parts.count ? nil : elements
    }
}
