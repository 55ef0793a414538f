import Yams

/// docs/openapi.yaml, which is part of the program, in the forms that a server answers.
///
/// Both are made at their first use: a start waits for neither. A document that does not parse is a programmer's mistake, which
/// a test finds, so it ends the program.
package enum APIDocument {
    /// OpenAPI 3.1 as JSON, fields in the order of the file.
    package static let json: String = {
        do {
            return try NodeJSON.text(of: read())
        } catch {
            preconditionFailure("docs/openapi.yaml: \(error)")
        }
    }()

    /// The same for people: one page that needs no other file and no script.
    package static let page = ReferencePage(read()).html

    /// The only style sheet that `page` has, as it stands there, for the hash of a content security policy.
    package static let style = ReferencePage.style

    private static func read() -> Node {
        do {
            return try compose(yaml: String(decoding: PackageResources.openapi_yaml, as: UTF8.self)) ?? .nothing
        } catch {
            preconditionFailure("docs/openapi.yaml: \(error)")
        }
    }
}
