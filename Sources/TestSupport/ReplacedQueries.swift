#if DEBUG
import Foundation
import SQL

/// Queries from the folder `SKEP_TEST_QUERIES`, where that is set, in place of those that were built in: with it
/// `scripts/mutate-predicates` tries a change of a query without a build.
enum ReplacedQueries {
    static let read = Result {
        guard let folder = ProcessInfo.processInfo.environment["SKEP_TEST_QUERIES"] else { return }
        let files = try FileManager.default.contentsOfDirectory(
            at: URL(fileURLWithPath: folder), includingPropertiesForKeys: nil)
        let texts = try files.filter { $0.pathExtension == "sql" }.map {
            (name: $0.deletingPathExtension().lastPathComponent, sql: try String(contentsOf: $0, encoding: .utf8))
        }
        SQL.replace(with: try QueryCatalogue(files: texts).queries)
    }
}
#endif
