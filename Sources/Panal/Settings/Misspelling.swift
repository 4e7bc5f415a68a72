/// A variable that no setting reads and that looks like one: `WEB_CONCURENCY`.
struct Misspelling: Hashable {
    /// As it stands in the environment.
    let variable: String
    /// What was probably meant.
    let setting: String

    /// Every variable that is one or two slips of the hand away from a setting (one for names of fewer than eight characters,
    /// which others share more easily) and is not a setting itself, by name.
    static func find(in variables: some Sequence<String>, settings: [SettingDeclaration]) -> [Misspelling] {
        let keys = settings.flatMap { $0.mayComeFromFile ? [$0.key, $0.fileKey] : [$0.key] }
        let known = Set(keys)
        return variables.filter { !known.contains($0) }.sorted().compactMap { variable in
            keys.map { (key: $0, distance: distance($0, variable)) }
                .filter { $0.distance <= ($0.key.utf8.count < 8 ? 1 : 2) }
                .min { $0.distance < $1.distance }
                .map { Misspelling(variable: variable, setting: $0.key) }
        }
    }

    /// How many characters must be put in, taken out, changed or swapped with their neighbour to make one word the other,
    /// letters of either case being the same (optimal string alignment distance). 3 stands for more than two.
    static func distance(_ first: String, _ second: String) -> Int {
        let first = Array(first.uppercased().utf8)
        let second = Array(second.uppercased().utf8)
        guard abs(first.count - second.count) <= 2 else { return 3 }
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for row in 1...max(1, first.count) where row <= first.count {
            var current = [row]
            for column in 1...max(1, second.count) where column <= second.count {
                let isSame = first[row - 1] == second[column - 1]
                var least = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, first[row - 1] == second[column - 2], first[row - 2] == second[column - 1] {
                    least = min(least, beforeLast[column - 2] + 1)
                }
                current.append(least)
            }
            beforeLast = last
            last = current
        }
        return min(3, last[second.count])
    }
}
