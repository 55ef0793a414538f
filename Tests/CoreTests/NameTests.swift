import Core
import Testing

/// What may be the name of a repository, a login, an e-mail address.
@Suite struct NameTests {
    @Test(
        arguments: [
            ("octocat", "hello-world", nil, "octocat"), ("a", "b.c_d-9", nil, "a"),
            ("group/sub/deep", "x", nil, "group/sub/deep"),
            ("gitea:octocat", "x", "gitea", "octocat"), ("gitlab:g/s", "x", "gitlab", "g/s"),
            (
                String(repeating: "a", count: 100), String(repeating: "b", count: 100), nil,
                String(repeating: "a", count: 100)
            ),
        ] as [(String, String, String?, String)])
    func aPathIsRead(owner: String, name: String, forge: String?, owns: String) throws {
        let path = try #require(RepoPath(owner: owner, name: name))
        #expect(path.forge == forge && path.owner == owns && path.name == name)
        #expect(path.fullName == "\(owns)/\(name)")
        #expect("\(path)" == "\(owner)/\(name)")
    }

    @Test(arguments: [
        ("", "x"), ("x", ""), (".", "x"), ("x", "."), ("..", "x"), ("x", ".."), ("a/../b", "x"), ("a//b", "x"),
        ("/a", "x"),
        ("a/", "x"), ("-a", "x"), ("a", "-x"), ("a/-b", "x"), ("a b", "x"), ("a", "x/y"), ("a", "x:y"), ("a\0", "x"),
        ("ä", "x"),
        ("a", "x\n"), ("a\\b", "x"), (":a", "x"), ("f:", "x"), ("f:g:a", "x"), ("f/g:a", "x"), ("a%2Fb", "x"),
        (String(repeating: "a", count: 101), "x"), ("a", String(repeating: "b", count: 101)),
        (String(repeating: String(repeating: "a", count: 99) + "/", count: 2) + String(repeating: "b", count: 56), "x"),
    ])
    func whatIsNoPath(owner: String, name: String) {
        #expect(RepoPath(owner: owner, name: name) == nil)
    }

    @Test(arguments: [
        "a", "octocat", "dependabot[bot]", "a.b", "A-b_c", "user@example.com", "!", String(repeating: "x", count: 100),
    ])
    func aLogin(login: String) {
        #expect(User.isValid(login: login))
    }

    @Test(arguments: [
        "", ".", "..", "a b", "a/b", "a\\b", "a?b", "a#b", "a%b", "a&b", "a\"b", "a'b", "a<b", "a>b", "a`b", "a:b",
        "a;b", "a,b",
        "a\u{7F}", "a\n", "\0", "ä", "日本", String(repeating: "x", count: 101),
    ])
    func noLogin(login: String) {
        #expect(!User.isValid(login: login))
    }

    @Test(arguments: [
        "", "a@b", "octocat@github.com", "ä@ö.example", "a+b@c.d", String(repeating: "x", count: 252) + "@y",
    ])
    func anAddress(email: String) {
        #expect(User.isValid(email: email))
    }

    @Test(arguments: [
        "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "a@\tb", "a@b\u{7F}", "\0@b",
        String(repeating: "x", count: 253) + "@y",
    ])
    func noAddress(email: String) {
        #expect(!User.isValid(email: email))
    }

    @Test(
        arguments: [
            ("refs/heads/main", "main", nil), ("refs/heads/a/b", "a/b", nil), ("refs/tags/v1", nil, "v1"),
            ("refs/pull/1/head", nil, nil), ("refs/headsmain", nil, nil), ("heads/main", nil, nil),
        ] as [(String, String?, String?)])
    func aRefIsABranchOrATag(ref: String, branch: String?, tag: String?) {
        let change = RefChange(ref: ref, before: nil, after: nil)
        #expect(change.branch == branch && change.tag == tag)
    }
}
