import Testing

@testable import Postgres

struct SQLScriptTests {
    @Test(arguments: [
        ("", []),
        (" ;; -- only this; and that\n ; /* or ; this /* nested */ */", []),
        ("select 1", ["select 1"]),
        ("a; b ;c", ["a", " b ", "c"]),
        ("select ';', 'it''s; so' ; b", ["select ';', 'it''s; so' ", " b"]),
        (#"select E'\';', e'\\' ; b"#, [#"select E'\';', e'\\' "#, " b"]),
        (#"select 'no escape\'; b"#, [#"select 'no escape\'"#, " b"]),
        (#"select "a;b""; c" ; b"#, [#"select "a;b""; c" "#, " b"]),
        ("do $$ begin; end; $$; b", ["do $$ begin; end; $$", " b"]),
        ("do $x$ $$;$y$; $x$; b", ["do $x$ $$;$y$; $x$", " b"]),
        ("select $1; select a$b$; c", ["select $1", " select a$b$", " c"]),
        ("-- about; it\nselect 1; -- end", ["-- about; it\nselect 1"]),
        ("select 'never closed; b", ["select 'never closed; b"]),
    ])
    func isCutAtTheSemicolonsThatCount(_ text: String, _ statements: [String]) {
        #expect(SQLScript.statements(of: text) == statements)
    }
}
