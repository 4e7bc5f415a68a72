import Foundation
import PackagePlugin

/// Writes the release's identity into the build: the git revision and the commit's date, so that two builds of one
/// commit are the same. Where there is no git (an image build, a platform's build pack), the environment says it:
/// `SOURCE_VERSION` and `SOURCE_DATE_EPOCH`.
@main
struct BuildInfo: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appending(path: "Generated")
        let script = """
            set -eu
            cd "$1"; file="$2/BuildInfo.swift"; mkdir -p "$2"
            revision=${SOURCE_VERSION:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
            seconds=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
            date=$(date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%SZ)
            printf 'enum BuildInfo {\\n    static let revision = "%s"\\n    static let date = "%s"\\n}\\n' \
                "$revision" "$date" > "$file.new"
            if cmp -s "$file.new" "$file"; then rm "$file.new"; else mv "$file.new" "$file"; fi
            """
        return [
            .prebuildCommand(
                displayName: "Writing the release's identity",
                executable: URL(filePath: "/bin/sh"),
                arguments: ["-c", script, "sh", context.package.directoryURL.path(), output.path()],
                outputFilesDirectory: output
            )
        ]
    }
}
