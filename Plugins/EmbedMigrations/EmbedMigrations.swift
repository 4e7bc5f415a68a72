import Foundation
import PackagePlugin

/// Compiles a target's folder `Migrations` in: each file `NNNN_name.sql` becomes an element of `Migrations.all`. Nothing else
/// is to be registered. `NNNN_name.postgres.sql` beside it is the text for PostgreSQL, where it needs another. A gap, a number used twice or a malformed name ends the build with an error that says so.
///
/// ```swift
/// .target(name: "OrderStore", dependencies: ["SQL"], plugins: ["EmbedMigrations"])
/// ```
@main
struct EmbedMigrations: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = target.directoryURL.appending(path: "Migrations")
        let output = context.pluginWorkDirectoryURL.appending(path: "Migrations.swift")
        // The build system asks anew when a file comes or goes, and runs the command when one of these changes.
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path() < $1.path() }
        return [
            .buildCommand(
                displayName: "Embedding the migrations of \(target.name)",
                executable: try context.tool(named: "MigrationEmbedder").url,
                arguments: [folder.path(percentEncoded: false), output.path(percentEncoded: false)],
                inputFiles: [folder] + files,
                outputFiles: [output]
            )
        ]
    }
}
