import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Backup and restore of the hotel")
    struct BackupTests {
        private func run(_ service: Service, _ arguments: String...) throws -> Finished {
            try Finished.running(Binary.app.command() + arguments, environment: service.environment)
        }

        /// The ids of the bookings in a database's file.
        private func bookings(in path: String) throws -> Set<String> {
            try Set(Database(path).query("SELECT id FROM booking").map { $0[0] })
        }

        private func book(_ hotel: Hotel, _ night: Int, at service: Service) -> String? {
            let room = hotel.rooms[night % hotel.rooms.count]
            return service.ask(Hotel.booking(of: room, inDays: 1 + night / hotel.rooms.count)).answer?.json?["id"]?
                .string
        }

        @Test("a backup that is made while bookings come in holds all that were acknowledged before, and is sound")
        func whileServed() throws {
            let service = try Service(.app, workers: 2)
            let hotel = try Hotel(of: service)
            let booked = Monitor<[String]>([])
            let isOver = Monitor(false)
            let clients = Crew(2) { client in
                var night = client
                while !isOver.read({ $0 }), night < 600 {
                    if let id = book(hotel, night, at: service) { booked.update { $0.append(id) } }
                    night += 2
                }
            }
            for number in 1...5 {
                usleep(50_000)
                let before = booked.read { $0 }
                let path = service.directory.path + "/backup-\(number).sqlite"
                let backup = try run(service, "backup", path)
                #expect(backup.exit == .code(0), "\(backup.errors)")
                #expect(backup.errors == "", "what takes less than a second shows no progress")
                #expect(try bookings(in: path).isSuperset(of: before))
                #expect(try Database(path).integrity() == "ok")
            }
            isOver.update { $0 = true }
            clients.join()
            #expect(booked.read { $0.count } > 5)
            #expect(ProcessTree.names(in: service.directory.path).filter { $0.contains("partial") } == [])
            service.stop()
        }

        @Test("what was backed up is there again after a restore, and what came later is kept beside it")
        func roundTrip() throws {
            let directory = try TemporaryDirectory()
            let backup = directory.path + "/backup.sqlite"
            let first: String
            do {
                let service = try Service(.app, workers: 2, in: directory)
                let hotel = try Hotel(of: service)
                first = try #require(book(hotel, 0, at: service))
                let piped = try Finished.running(
                    User.ofService.launcher + [
                        "sh", "-c", "\"$0\" backup - >\"$1\"", Binary.app.path, backup,
                    ],
                    environment: service.environment
                )
                #expect(piped.exit == .code(0), "\(piped.errors)")
                _ = try #require(book(hotel, 1, at: service))

                let refused = try run(service, "restore", backup)
                #expect(refused.exit == .code(1))
                #expect(refused.errors.contains("stop the service"), "\(refused.errors)")
                #expect(try bookings(in: service.databasePath).count == 2)
                service.stop()

                let restored = try run(service, "restore", backup)
                #expect(restored.exit == .code(0), "\(restored.errors)")
                #expect(restored.output.contains(".before-restore"))
            }
            let service = try Service(.app, workers: 2, in: directory, migrates: false)
            #expect(try Hotel.allBookings(of: service).compactMap { $0["id"]?.string } == [first])
            #expect(try bookings(in: service.databasePath + ".before-restore").count == 2)
            service.stop()
        }

        @Test("what cannot be done says what to do, and changes nothing")
        func refusals() throws {
            let service = try Service(.app, workers: 1)
            service.stop()
            let backup = service.directory.path + "/backup.sqlite"
            #expect(try run(service, "backup", backup).exit == .code(0))
            let again = try run(service, "backup", backup)
            #expect(again.exit == .code(1))
            #expect(again.errors.contains("--force"), "\(again.errors)")
            #expect(try run(service, "backup", "--force", backup).exit == .code(0))

            let missing = try run(service, "restore", backup + ".missing")
            #expect(missing.exit == .code(1))
            #expect(missing.errors.contains("no backup"), "\(missing.errors)")

            let foreign = service.directory.path + "/foreign.sqlite"
            let made = try Finished.running(
                User.ofService.launcher + ["sh", "-c", "head -c 4000 /dev/zero >\"$0\"", foreign]
            )
            #expect(made.exit == .code(0))
            let refused = try run(service, "restore", foreign)
            #expect(refused.exit == .code(1))
            #expect(refused.errors.contains("damaged"), "\(refused.errors)")
            #expect(access(service.databasePath + ".before-restore", F_OK) != 0)
            #expect(try Database(service.databasePath).integrity() == "ok")
        }
    }
}
