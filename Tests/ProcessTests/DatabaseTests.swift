import Glibc
import Testing

extension ProcessTests {
    @Suite("The database's file")
    struct DatabaseTests {
        private func setMode(ofFolder folder: mode_t, ofFiles files: mode_t, in directory: String) {
            for name in ProcessTree.names(in: directory) where name.hasPrefix("stays.sqlite") {
                chmod(directory + "/" + name, files)
            }
            chmod(directory, folder)
        }

        @Test(
            "a database that may only be read serves reads and says so; once it may be written, no write is refused",
            .needsOrdinaryUser
        )
        func readOnly() throws {
            let directory = try TemporaryDirectory()
            try Service.migrateAndSeed(Service.environment(in: directory, [:]))
            // A log that is there already can be read without write access.
            let database = try Database(directory.path + "/stays.sqlite")
            try database.query("SELECT count(*) FROM room")
            setMode(ofFolder: 0o555, ofFiles: 0o444, in: directory.path)

            let service = try Service(
                workers: 3,
                in: directory,
                migrates: false
            )
            let room = try Hotel(of: service).rooms[0]
            // Connections enough for every worker to have opened the database, and to refuse.
            let clients = try (0..<12).map { _ in try service.connect() }
            for client in clients {
                #expect(client.exchange(.get("/v1/rooms")).status == 200)
                let ready = client.exchange(.get("/readyz")).answer
                #expect(ready?.status == 200)
                #expect(ready?.json?["warnings"]?.array?.count == 1, "\(ready?.text ?? "")")
                let refused = client.exchange(Hotel.booking(of: room, inDays: 30)).answer
                #expect(refused?.status == 503)
                #expect(refused?["Retry-After"] != nil)
                // And the connection of each is one that was opened without write access.
                #expect(client.exchange(.get("/v1/rooms")).status == 200)
            }

            setMode(ofFolder: 0o755, ofFiles: 0o644, in: directory.path)
            for (day, client) in clients.enumerated() {
                #expect(client.exchange(Hotel.booking(of: room, inDays: 30 + day)).status == 201)
                #expect(client.exchange(.get("/readyz")).answer?.text == #"{"ready":true}"#)
            }
            service.stop()
        }
    }
}
