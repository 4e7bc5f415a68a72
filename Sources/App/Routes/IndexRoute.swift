import HTTPServer
import HTTPTypes

extension Router {
    /// `GET /`: what can be asked here, for whoever opens the service in a browser. Add it last: it lists what is there.
    mutating func addIndex() {
        let listing = routes.map { "\($0.method.rawValue) \($0.pattern)\n" }.joined()
        get("/") { _ in .text("Panal\n\n" + listing) }
    }
}
