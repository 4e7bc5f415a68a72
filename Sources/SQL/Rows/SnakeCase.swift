/// How SQL writes the names that Swift writes with inner capitals.
enum SnakeCase {
    /// `pricePerNight` as `price_per_night`, `roomID` as `room_id`.
    static func of(_ name: String) -> String {
        var result = ""
        var previousIsLower = false
        for character in name {
            if character.isUppercase, previousIsLower { result.append("_") }
            previousIsLower = !character.isUppercase
            result += character.lowercased()
        }
        return result
    }
}
