import FoundationEssentials
import HTTPServer
import HTTPTypes

/// A page that is one file, compiled in, and gets what it shows from the service: nothing else is let into it.
struct EmbeddedPage: Sendable {
    private let page: [UInt8]
    private let fields: HTTPFields

    /// The page that shows the service while it runs.
    static var status: EmbeddedPage { EmbeddedPage(PackageResources.status_html) }

    /// The page that shows what the service takes and answers.
    static var docs: EmbeddedPage { EmbeddedPage(PackageResources.docs_html) }

    private init(_ page: [UInt8]) {
        self.page = page
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
            preconditionFailure("the page has no <\(element)>")
        }
        let content = Array(text[start.upperBound..<end.lowerBound].utf8)
        return "'sha256-\(Data(SHA256.digest(of: content)).base64EncodedString())'"
    }
}
