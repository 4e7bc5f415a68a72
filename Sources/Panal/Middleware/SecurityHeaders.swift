public import HTTPServer
import HTTPTypes

/// Header fields that keep browsers from doing with an API's answers what nobody wants: guessing another type, running scripts
/// of it, framing it, telling its address to others (OWASP REST Security Cheat Sheet, section "Security Headers").
///
/// ```swift
/// router.use(SecurityHeaders().middleware)
/// ```
///
/// What a handler has set itself stays as it is: a page of HTML says its own `Content-Security-Policy`.
public struct SecurityHeaders: Sendable {
    /// What a page made of an answer may load and who may frame it; nothing and nobody unless said.
    public var contentSecurityPolicy: String
    /// What following a link tells of where it was.
    public var referrerPolicy: String
    /// For how long browsers shall ask for this host by HTTPS only; not sent unless said, for whoever ends TLS has to keep the
    /// promise (RFC 6797).
    public var strictTransportSecurity: Duration?

    /// The fields with these values.
    public init(
        contentSecurityPolicy: String = "default-src 'none'; frame-ancestors 'none'",
        referrerPolicy: String = "no-referrer",
        strictTransportSecurity: Duration? = nil
    ) {
        self.contentSecurityPolicy = contentSecurityPolicy
        self.referrerPolicy = referrerPolicy
        self.strictTransportSecurity = strictTransportSecurity
    }

    /// Put it in front of everything: `router.use(SecurityHeaders().middleware)`.
    public var middleware: Middleware {
        var fields: [HTTPField] = [
            HTTPField(name: .xContentTypeOptions, value: "nosniff"),
            HTTPField(name: .contentSecurityPolicy, value: contentSecurityPolicy),
            HTTPField(name: .known("Referrer-Policy"), value: referrerPolicy),
            // For browsers that do not know frame-ancestors.
            HTTPField(name: .known("X-Frame-Options"), value: "DENY"),
        ]
        if let age = strictTransportSecurity {
            fields.append(HTTPField(name: .strictTransportSecurity, value: "max-age=\(age.components.seconds)"))
        }
        return { [fields] next in
            { request in
                var response = try next(request)
                for field in fields where response.headerFields[field.name] == nil {
                    response.headerFields.append(field)
                }
                return response
            }
        }
    }
}
