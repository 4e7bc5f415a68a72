import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Bookings never collide")
    struct BookingRaceTests {
        @Test("four workers, two hundred clients, one night: one booking, and 199 times 409")
        func oneNight() throws {
            let service = try Service(.app, workers: 4)
            let room = try Hotel(of: service).rooms[0]
            let request = Hotel.booking(of: room, inDays: 50)
            let port = service.port
            let start = Barrier(200)
            let outcomes = Crew.run(200) { _ -> Outcome in
                do throws(Connection.Failure) {
                    // All are connected before the first one asks.
                    let connection = try Connection(to: port)
                    start.wait()
                    return connection.exchange(request)
                } catch {
                    start.wait()
                    return error.outcome
                }
            }
            let winners = outcomes.compactMap(\.answer).filter { $0.status == 201 }
            let losers = outcomes.compactMap(\.answer).filter { $0.status == 409 }
            #expect(winners.count == 1)
            #expect(losers.count == 199, "the others: \(outcomes.filter { $0.status != 201 && $0.status != 409 })")
            #expect(losers.allSatisfy { $0["Content-Type"] == "application/problem+json" })
            #expect(losers.allSatisfy { $0.json?["type"]?.string == "/problems/nights-taken" })
            #expect(losers.allSatisfy { $0.text.contains(Hotel.date(inDays: 50)) }, "the problem names the taken night")

            let bookings = try Hotel.allBookings(of: service)
                .filter { $0["roomId"]?.string == room && $0["from"]?.string == Hotel.date(inDays: 50) }
            #expect(bookings.count == 1)
            #expect(bookings.first?["id"] == winners.first?.json?["id"])
            service.stop()
            #expect(try Database(service.databasePath).integrity() == "ok")
        }

        @Test("the same while a worker is killed every 50 ms: no acknowledged booking is lost, none is doubled")
        func oneNightUnderFire() throws {
            let service = try Service(.app, workers: 4)
            let hotel = try Hotel(of: service)
            let before = try Hotel.allBookings(of: service).count
            let kills = 20
            let killed = Monitor(0)
            let hunter = Crew(1) { [service] _ in
                for turn in 0..<kills {
                    usleep(50_000)
                    let workers = service.workers
                    if !workers.isEmpty { kill(workers[turn % workers.count], SIGKILL) }
                    killed.update { $0 += 1 }
                }
            }

            // One night after the other, until all kills are spent. Every client asks until it is answered, with its key.
            var acknowledged: [(booking: JSON, key: String)] = []
            var round = 0
            repeat {
                let room = hotel.rooms[round % hotel.rooms.count]
                let days = 60 + round / hotel.rooms.count
                let answers = race(200, for: room, inDays: days, round: round, on: service.port)
                let winners = answers.filter { $0.answer?.status == 201 }
                #expect(winners.count == 1, "round \(round)")
                #expect(answers.filter { $0.answer?.status == 409 }.count == 199, "round \(round): \(tally(answers))")
                for winner in winners {
                    if let booking = winner.answer?.json { acknowledged.append((booking, winner.key)) }
                }
                round += 1
            } while killed.read({ $0 }) < kills && round < 100
            hunter.join()
            #expect(killed.read { $0 } == kills)
            #expect(service.hasWorkers(4), "every killed worker is replaced")

            for (booking, key) in acknowledged {
                let id = booking["id"]?.string ?? "?"
                let read = try service.answer(.get("/v1/bookings/\(id)"))
                #expect(read.status == 200, "the acknowledged booking \(id), key \(key), is lost")
                #expect(read.json == booking)
            }
            let all = try Hotel.allBookings(of: service)
            #expect(all.count == before + acknowledged.count)
            #expect(Hotel.doubledNights(in: all) == [])
            service.stop()
            #expect(try Database(service.databasePath).integrity() == "ok")
        }

        private struct Asked: Sendable {
            let answer: Answer?
            let key: String
            let tries: Int
        }

        private func race(_ clients: Int, for room: String, inDays days: Int, round: Int, on port: UInt16) -> [Asked] {
            let start = Barrier(clients)
            return Crew.run(clients) { client in
                let key = "round-\(round)-client-\(client)"
                let request = Hotel.booking(of: room, inDays: days, key: key)
                start.wait()
                let deadline = Deadline.generous
                var tries = 0
                while !deadline.isOver {
                    tries += 1
                    if let connection = try? Connection(to: port, timeout: 10),
                        let answer = connection.exchange(request).answer,
                        answer.status < 500
                    {
                        return Asked(answer: answer, key: key, tries: tries)
                    }
                    usleep(5_000)
                }
                return Asked(answer: nil, key: key, tries: tries)
            }
        }

        private func tally(_ asked: [Asked]) -> String {
            Dictionary(grouping: asked, by: { $0.answer?.status ?? 0 }).mapValues(\.count).description
        }

        @Test("the same request with the same key, from many clients at once, is one booking")
        func sameKeyAtOnce() throws {
            let service = try Service(.app, workers: 4)
            let hotel = try Hotel(of: service)
            let request = Hotel.booking(of: hotel.rooms[1], inDays: 45, key: "only-once")
            let port = service.port
            let start = Barrier(50)
            let answers = Crew.run(50) { _ -> Answer? in
                let connection = try? Connection(to: port)
                start.wait()
                return connection?.exchange(request).answer
            }
            #expect(answers.allSatisfy { $0?.status == 201 })
            #expect(Set(answers.compactMap { $0?.body }).count == 1, "all get the same bytes")
            #expect(answers.filter { $0?["Idempotency-Replayed"] == nil }.count == 1, "one is the first")
            service.stop()
        }

        @Test("the same key under two API keys is two keys, and neither API keys nor their names are in the database")
        func scopedKeys() throws {
            let keys = ["first-key-0123456789", "second-key-0123456789"]
            let entries = [apiKeyEntry(keys[0], name: "first"), apiKeyEntry(keys[1], name: "second")]
            let service = try Service(.app, workers: 2, environment: ["API_KEYS": entries.joined(separator: ",")])
            func book(_ room: String, as key: String) throws -> Answer {
                var request = Hotel.booking(of: room, inDays: 45, key: "same")
                request.fields.append(("Authorization", "Bearer \(key)"))
                return try service.answer(request)
            }
            let (first, second) = (try book("101", as: keys[0]), try book("102", as: keys[1]))
            #expect([first, second].map(\.status) == [201, 201])
            for (room, key, booked) in [("101", keys[0], first), ("102", keys[1], second)] {
                let again = try book(room, as: key)
                #expect(again.status == 201)
                #expect(again["Idempotency-Replayed"] == "true")
                #expect(again.body == booked.body)
            }
            #expect(try book("102", as: keys[0]).json?["type"]?.string == "/problems/idempotency-key-reused")
            service.stop()
            let database = try Database(service.databasePath)
            let scopes = try database.query("SELECT scope FROM idempotency ORDER BY scope").joined()
            #expect(Set(scopes).count == 2)
            for text in keys + ["first", "second"] { #expect(!scopes.contains { $0.contains(text) }) }
            #expect(scopes.allSatisfy { $0.utf8.count == 32 })
        }
    }
}
