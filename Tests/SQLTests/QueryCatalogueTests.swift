import SQL
import Testing

@Suite struct QueryCatalogueTests {
    @Test func queriesAreNamedByFileAndName() throws {
        let catalogue = try QueryCatalogue(files: [
            ("builds", "-- for readers\n\n-- name: find\n-- why\nselect 1\n\n-- name: list\nselect 2\n"),
            ("jobs", "-- name: find\nselect 3"),
        ])
        #expect(
            catalogue.queries == [
                "builds.find": "select /* builds.find */ 1", "builds.list": "select /* builds.list */ 2",
                "jobs.find": "select /* jobs.find */ 3",
            ])
    }

    @Test func fragmentsArePutIn() throws {
        let catalogue = try QueryCatalogue(files: [
            ("a", "-- name: q\nselect {{columns}} from {{table}} where {{columns}}"),
            ("b", "-- fragment: columns\n{{first}}, y\n-- fragment: first\nx\n-- fragment: table\nt\n"),
        ])
        #expect(catalogue.queries == ["a.q": "select /* a.q */ x, y from t where x, y"])
    }

    /// In a line of its own, the name stays behind it.
    @Test func theNameIsAfterTheFirstWord() throws {
        let catalogue = try QueryCatalogue(files: [("a", "-- name: q\n-- why\n\n-- and how\nselect\n    1\n-- end")])
        #expect(catalogue.queries == ["a.q": "select /* a.q */\n    1\n-- end"])
    }

    @Test func whatIsWrongIsSaid() {
        expect(.duplicate("a.q"), "-- name: q\nselect 1\n-- name: q\nselect 2")
        expect(.duplicate("f"), "-- fragment: f\nx\n-- fragment: f\ny")
        expect(.noSuchFragment("f", usedBy: "a.q"), "-- name: q\n{{f}}")
        expect(.endless("f"), "-- name: q\n{{f}}\n-- fragment: f\n{{f}}")
    }

    private func expect(_ failure: QueryCatalogue.Failure, _ sql: String) {
        #expect(throws: failure) { try QueryCatalogue(files: [("a", sql)]) }
    }
}
