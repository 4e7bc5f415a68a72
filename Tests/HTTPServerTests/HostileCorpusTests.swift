import Testing

@testable import HTTPServer

extension HostileCase: CustomTestStringConvertible {
    var testDescription: String { name }
}

@Suite("Hostile requests")
struct HostileCorpusTests {
    @Test("are refused with the right status, and nothing behind them is read", arguments: HostileCase.all)
    func verdict(_ hostile: HostileCase) {
        let verdicts = Feed().verdicts(hostile.bytes)
        if let status = hostile.status {
            #expect(verdicts == [.refused(status)])
        } else {
            #expect(verdicts.count == hostile.requests)
            for verdict in verdicts {
                guard case .request = verdict else {
                    Issue.record("\(verdict)")
                    continue
                }
            }
        }
    }

    @Test("get the same verdict byte by byte", arguments: HostileCase.all)
    func bytewise(_ hostile: HostileCase) {
        #expect(Feed().verdictsBytewise(hostile.bytes) == Feed().verdicts(hostile.bytes))
    }

    @Test("are answered once over a socket, and then the connection ends")
    func live() throws {
        let server = try LiveServer { router in
            router.get("/second") { _ in .text("second") }
            router.post("/") { _ in .text("posted") }
            router.get("/") { _ in .text("root") }
        }
        defer { server.stop() }
        for hostile in HostileCase.all where hostile.status != nil {
            let client = try server.connect()
            client.send(hostile.bytes)
            let response = client.readResponse()
            #expect(response?.status == hostile.status, "\(hostile.name)")
            #expect(response?["Connection"] == "close", "\(hostile.name)")
            #expect(response?.head.contains("\(hostile.status ?? 0) Status") == false, "\(hostile.name)")
            #expect(response?["Content-Type"] == "application/problem+json", "\(hostile.name)")
            #expect(client.isAtEnd(), "\(hostile.name)")
        }
    }
}
