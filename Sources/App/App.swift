@main
struct App {
    static func main() { print(BuildInfo.revision, BuildInfo.date) }
}
