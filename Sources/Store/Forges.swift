import Postgres

/// A place that hosts repositories, as the database knows it.
package struct ForgeRecord: Sendable, Hashable, Identifiable {
    package var id: Int64
    package var name: String
    package var kind: String
    package var url: String
}

extension Store {
    /// Writes down a configured forge, and answers its id.
    package func ensureForge(name: String, kind: String, url: String, isDefault: Bool) async throws -> Int64 {
        let row = try await session.first(.ensureForge, [.text(name), .text(kind), .text(url), .bool(isDefault)])
        guard let row else { throw AccessError.notFound("There is no forge \(name).") }
        return try row.decode(at: 0)
    }

    /// The default forge where `name` is nil.
    package func findForge(_ name: String?) async throws -> ForgeRecord? {
        guard let row = try await session.first(.findForge, [.text(name)]) else { return nil }
        var columns = row.columns
        return ForgeRecord(
            id: try columns.next(), name: try columns.next(), kind: try columns.next(), url: try columns.next())
    }
}

extension Statement {
    fileprivate static let ensureForge = Statement(stored: "forges.ensure")
    fileprivate static let findForge = Statement(stored: "forges.find")
}
