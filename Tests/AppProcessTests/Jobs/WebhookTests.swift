import Glibc
import HTTPTypes
import SQL
import TestDatabases
import Testing
import Values

import struct Panal.WebhookSigner

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The webhook of the hotel")
    struct WebhookTests {
        private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

        /// Somebody who is told, and answers each message with a status that the test chooses.
        private final class Receiver: Sendable {
            private let socket: ListeningSocket
            private let messages = Monitor<[String]>([])
            private let isOver = Monitor(false)

            var url: String { "http://127.0.0.1:\(socket.port)/news" }

            /// - Parameter answer: The status line's status and fields for the message with this number, from 0.
            init(_ answer: @escaping @Sendable (Int) -> String) throws {
                socket = try ListeningSocket()
                let (descriptor, messages, isOver) = (socket.descriptor, messages, isOver)
                Crew(1) { _ in
                    while !isOver.read({ $0 }) {
                        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                        guard poll(&watched, 1, 100) == 1 else { continue }
                        let connection = accept(descriptor, nil, nil)
                        guard connection >= 0 else { continue }
                        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                        let message = Self.read(connection)
                        let number = messages.read { $0.count }
                        messages.update { $0.append(message) }
                        // As some do, it repeats what it was told.
                        let body = "echo of \(message)"
                        let answer =
                            "HTTP/1.1 \(answer(number))\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
                        _ = answer.utf8.withContiguousStorageIfAvailable { write(connection, $0.baseAddress, $0.count) }
                        close(connection)
                    }
                }.detach()
            }

            deinit { isOver.update { $0 = true } }

            private static func read(_ connection: CInt) -> String {
                var bytes: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let text = String(decoding: bytes, as: UTF8.self)
                    if let head = text.firstRange(of: "\r\n\r\n") {
                        let length = text.lowercased().firstRange(of: "content-length: ").flatMap { range in
                            Int(text[range.upperBound...].prefix { $0.isNumber })
                        }
                        if text[head.upperBound...].utf8.count >= length ?? 0 { return text }
                    }
                    let count = Glibc.read(connection, &buffer, buffer.count)
                    guard count > 0 else { return text }
                    bytes += buffer[..<count]
                }
            }

            /// So many messages.
            func wait(for count: Int) -> [String] {
                _ = eventually { messages.read { $0.count } >= count }
                return messages.read { $0 }
            }
        }

        private static func field(_ name: String, of message: String) -> String? {
            message.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }

        @Test(
            "is told of bookings and cancellations, signed, in their order, again when it fails; without it nothing is kept",
            arguments: [Store.sqlite, .postgreSQL].filter { Store.all.contains($0) }
        )
        func news(store: Store) throws {
            let directory = try TemporaryDirectory()
            // The first message fails, twice; its successor has to wait for it.
            let receiver = try Receiver { number in
                ["503 Busy\r\nRetry-After: 1", "500 Broken"].dropFirst(number).first ?? "200 OK"
            }
            var given = ["WEBHOOK_URL": receiver.url, "WEBHOOK_SECRET": Self.secret]
            given["HTTP_CLIENT_RETRIES"] = "0"
            given["WORK_CONCURRENCY"] = "2"
            if store == .postgreSQL {
                let server = try PostgreSQLServer.running()
                given["DATABASE_URL"] = server.url(of: try server.makeDatabase()).description
                given["WEB_THREADS"] = "2"
            }
            let web = try Service(.app, environment: given, in: directory)
            let work = try StartingService(Binary.app.command("work"), environment: web.environment)
            try work.log.wait(for: "job workers ready")
            let hotel = try Hotel(of: web)
            let booked = web.ask(Hotel.booking(of: hotel.rooms[0], inDays: 10, key: "k")).answer
            let id = try #require(booked?.json?["id"]?.string, "\(String(describing: booked))")
            let cancelled = web.ask(
                Request(method: "DELETE", target: "/v1/bookings/\(id)", fields: [("If-Match", "*")])
            )
            #expect(cancelled.answer?.status == 200)
            let messages = receiver.wait(for: 4)
            try #require(messages.count == 4)
            let types = messages.map { $0.contains("booking.confirmed") ? "confirmed" : "cancelled" }
            #expect(types == ["confirmed", "confirmed", "confirmed", "cancelled"])
            let ids = messages.map { Self.field("webhook-id", of: $0) }
            #expect(Set(ids[...2]).count == 1 && ids[2] != ids[3])
            let signer = try #require(WebhookSigner(secret: Self.secret))
            for message in messages {
                #expect(message.contains(id))
                let id = try #require(Self.field("webhook-id", of: message))
                let time = try #require(Self.field("webhook-timestamp", of: message).flatMap { Int64($0) })
                let body = try #require(message.firstRange(of: "\r\n\r\n")).upperBound
                let signed = signer.fields(
                    id: id,
                    at: Timestamp(unixSeconds: time),
                    body: Array(message[body...].utf8)
                )
                let signature = try #require(Self.field("webhook-signature", of: message))
                #expect(signature.hasPrefix("v1,") && signed.contains { $0.value == signature })
                #expect(Self.field("idempotency-key", of: message) == Self.field("webhook-id", of: message))
            }
            let failed = try work.log.wait(for: "job failed, it is tried again", count: 2)
            let causes = failed.map { $0["cause"]?.string }
            #expect(causes == ["the receiver answered with 503", "the receiver answered with 500"])
            work.signal(SIGTERM)
            #expect(work.waitForExit() == .code(0), "\(work.log.tail)")
            web.stop()

            // Nobody to tell: nothing is kept.
            let silent = try Service(
                .app,
                environment: web.environment.filter { !$0.key.hasPrefix("WEBHOOK") },
                in: directory,
                migrates: false
            )
            #expect(silent.ask(Hotel.booking(of: hotel.rooms[1], inDays: 10, key: "l")).answer?.status == 201)
            let jobs = try Finished.running(Binary.app.command("jobs"), environment: silent.environment)
            #expect(!jobs.output.contains("tell-booking"), "\(jobs.output)")
            silent.stop()
        }
    }
}
