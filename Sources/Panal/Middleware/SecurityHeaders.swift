public import HTTPServer
public import HTTPTypes

/// Header fields that keep browsers from doing with an API's answers what nobody wants: guessing another type, running scripts
/// of it, framing it, telling its address to others (OWASP REST Security Cheat Sheet, section "Security Headers").
///
/// Every answer of a service has them (``Service/securityHeaders``). What a handler has set itself stays as it is: a page of HTML says
/// its own `Content-Security-Policy`, or all pages of a group do:
///
/// ```swift
/// router.group("/pages", use: [SecurityHeaders(contentSecurityPolicy: "default-src 'self'").middleware]) { pages in … }
/// ```
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

    /// The fields themselves.
    public var fields: [HTTPField] {
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
        return fields
    }

    /// Adds them to what a group of routes answers.
    public var middleware: Middleware {
        { [fields] next in
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
