import HTTPTypes

/// What every reply tells browsers: nothing here is a page, a script, or for another site. The page at `/docs` brings
/// a policy of its own.
enum ReplyHeaders {
    /// For a client that came by https: to come no other way for a year.
    static let overTLS: HTTPFields = always + [HTTPField(name: .strictTransportSecurity, value: "max-age=31536000")]

    static let always: HTTPFields = [
        .xContentTypeOptions: "nosniff",
        .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
        .referrerPolicy: "no-referrer",
        .xFrameOptions: "DENY",
        .crossOriginResourcePolicy: "same-origin",
    ]
}

extension HTTPField.Name {
    // Names that are tokens by RFC 9110, 5.1.
    // swift-format-ignore: NeverForceUnwrap
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    // swift-format-ignore: NeverForceUnwrap
    static let xFrameOptions = HTTPField.Name("X-Frame-Options")!
}
