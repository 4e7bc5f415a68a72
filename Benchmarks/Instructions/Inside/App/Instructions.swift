import Glibc

/// Runs one function as often as told, for whoever counts instructions from outside: `Instructions parse-get 1000`.
/// `Instructions list` names the functions, `Instructions prepare` makes the database in the working directory.
@main
struct Instructions {
    static let all = parsing + routing + answering + json + observing + reading

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.dropFirst().first.flatMap { Int($0) }) {
        case ("list", nil):
            for function in all { print(function.name) }
        case ("prepare", nil):
            try SampleData.build()
        case (let name?, let count?):
            guard let function = all.first(where: { $0.name == name }) else { usage("there is no function \(name)") }
            let call = try function.prepare()
            var sum = 0
            for _ in 0..<count { sum &+= try call() }
            // Standard output has the access log.
            say("\(name): \(count) calls, sum \(sum)")
        default:
            usage("expected: list, prepare, or a function's name and a count")
        }
    }

    private static func usage(_ fault: String) -> Never {
        say("Instructions: \(fault)")
        exit(64)
    }

    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }
}
