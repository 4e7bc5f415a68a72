import FoundationEssentials
import HTTPServer
import HTTPTypes

/// The page that shows the service while it runs: one file, `status.html`, which is compiled in. It gets what it shows from
/// `/events`.
struct StatusPage: Sendable {
    private let page = PackageResources.status_html
    private let fields: HTTPFields

    init() {
        let policy = [
            "default-src 'none'", "script-src \(Self.hash(of: "script", in: page))",
            "style-src \(Self.hash(of: "style", in: page))", "connect-src 'self'", "img-src data:", "base-uri 'none'",
            "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
        fields = [
            .contentSecurityPolicy: policy.joined(separator: "; "),
            .cacheControl: "no-store",
            .xContentTypeOptions: "nosniff",
            .known("Referrer-Policy"): "no-referrer",
            .known("Cross-Origin-Opener-Policy"): "same-origin",
            .known("Cross-Origin-Resource-Policy"): "same-origin",
        ]
    }

    var response: Response {
        Response(status: .ok, contentType: .html, headerFields: fields, body: .bytes(page))
    }

    /// What a policy calls the content of the page's only element of that name (W3C CSP3, section 2.3.1): nothing else of its kind
    /// is run or applied, whatever finds its way into the page.
    private static func hash(of element: String, in page: [UInt8]) -> String {
        let text = String(decoding: page, as: UTF8.self)
        guard let start = text.firstRange(of: "<\(element)>"), let end = text.firstRange(of: "</\(element)>") else {
            preconditionFailure("status.html has no <\(element)>")
        }
        let content = Array(text[start.upperBound..<end.lowerBound].utf8)
        return "'sha256-\(Data(SHA256.digest(of: content)).base64EncodedString())'"
    }
}
