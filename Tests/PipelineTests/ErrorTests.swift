import Testing

@testable import Pipeline

struct ErrorTests {
    @Test(
        arguments: [
            ("", 1, 1, "the file is nothing here and must be a mapping"),
            ("# only a comment\n", 1, 1, "must be a mapping"),
            ("[a]", 1, 1, "must be a mapping"),
            ("matrix: {A: [1]}", 1, 1, "no steps"),
            ("steps: []", 1, 1, "no steps"),
            ("steps: 5", 1, 8, "must be a mapping"),
            ("steps: [{name: a, commands: [x]}]\nbuild: {commands: [x]}", 2, 1, "\"steps\" and \"build\""),
            ("steps:\n- name: a\n  comands: [x]", 3, 3, "\"comands\" is no key of a step"),
            ("steps:\n- name: a", 2, 3, "has no commands"),
            ("steps:\n- commands: [x]", 2, 3, "needs a name"),
            ("steps:\n- {name: a, commands: [x]}\n- {name: a, commands: [x]}", 3, 3, "another step"),
            ("steps:\n  a: {name: b, commands: [x]}", 2, 7, "remove \"name\""),
            ("steps:\n  a: {commands: []}", 2, 7, "empty list"),
            ("steps:\n  a:\n    commands:\n    - echo a: b", 4, 7, "put all of it in quotes"),
            ("steps:\n  a:\n    commands:\n    - x\n    -\n", 5, 6, "this command is empty"),
            (
                "steps:\n  a: {commands: [x], environment: {T: {from_vault: t}}}", 2, 40,
                "no key of a value of environment"
            ),
            ("steps:\n  a: {commands: [x], environment: {T: {}}}", 2, 39, "{from_secret: …}"),
            ("steps:\n  a: {commands: [x], secrets: [{target: T}]}", 2, 32, "write `source:`"),
            ("steps:\n  a: {commands: [x], environment: [T]}", 2, 36, "no \"=\""),
            ("steps:\n  a: {commands: [x], environment: ['=T']}", 2, 36, "cannot be a name"),
            ("steps:\n  a: {commands: [x], settings: {}}", 2, 22, "plugins"),
            ("steps:\n  a: {commands: [x], image: [y]}", 2, 29, "image is a list here"),
            ("steps:\n  a: {commands: [x], when: {event: pr}}", 2, 36, "\"pr\" is no event"),
            ("steps:\n  a: {commands: [x], when: {status: {exclude: [success, failure]}}}", 2, 37, "never runs"),
            ("steps:\n  a: {commands: [x], when: {change: true}}", 2, 29, "use `status:`"),
            ("steps:\n  a: {commands: [x], when: {branch: '['}}", 2, 37, "no pattern"),
            ("steps:\n  a: {commands: [x], failure: always}", 2, 31, "write ignore or fail"),
            ("steps:\n  a: {commands: [x], when: {path: {only: x}}}", 2, 36, "\"only\" is no key of path"),
            ("steps:\n  a: {commands: [x], when: {path: {include: []}}}", 2, 45, "empty list"),
            ("steps:\n  a: {commands: [x], when: {path: {on_empty: no}}}", 2, 46, "write true or false"),
            ("steps:\n  a: {commands: [x], when: []}", 2, 28, "empty list"),
            ("steps:\n  a: {commands: [x], when: [{}, {change: true}]}", 2, 34, "use `status:`"),
            ("services:\n  db: {image: x}", 1, 1, "the file has no steps"),
            ("services:\n  db: {environment: []}\n\(oneStep)", 2, 3, "\"db\" has no image"),
            ("services:\n- {image: x}\n\(oneStep)", 2, 3, "a service needs a name"),
            ("services:\n- {image: x, name: 'a b'}\n\(oneStep)", 2, 3, "a service needs a name"),
            ("services:\n  db: {image: x}\n  DB: {image: y}\n\(oneStep)", 3, 3, "another service is named"),
            ("services: {}\ncompose: {}\n\(oneStep)", 2, 1, "put all services in one"),
            ("services:\n  db: {image: x, volumes: [/a]}\n\(oneStep)", 2, 18, "no files but their image's"),
            ("services:\n  db: {image: x, command: 'a \"b c\"'}\n\(oneStep)", 2, 27, "write it as a list"),
            ("services:\n  db: {image: x, commands: [a], command: b}\n\(oneStep)", 2, 33, "remove one of them"),
            ("steps:\n  a: {commands: [x], pull: sometimes}", 2, 28, "always, if-not-exists or never"),
            ("steps:\n  a: {commands: [x], privileged: 1}", 2, 34, "true or false"),
            ("kind: secret\n\(oneStep)", 1, 7, "write pipeline"),
            ("type: ssh\n\(oneStep)", 1, 7, "docker or exec"),
            ("platform: linux\n\(oneStep)", 1, 11, "os/arch"),
            ("branches: []\n\(oneStep)", 1, 11, "empty list"),
            ("branches: {}\n\(oneStep)", 1, 11, "include or exclude"),
            ("branches: {only: main}\n\(oneStep)", 1, 12, "\"only\""),
            ("branches: *\n\(oneStep)", 1, 11, "put \"*\" in quotes"),
            ("branches: [main, *.x]\n\(oneStep)", 1, 18, "put \"*.x\" in quotes"),
            ("branches: *main\n\(oneStep)", 1, 11, "nothing above is marked &main"),
            ("branches: !main\n\(oneStep)", 1, 11, "the tag \"!main\""),
            ("a: 1\n\tb: 2", 2, 1, "spaces, not tabs"),
            ("steps: [", 2, 1, "not YAML"),
            ("a: b: c", 1, 5, "not YAML"),
            ("steps: \"x", 1, 10, "not YAML"),
            ("\(oneStep)---\n\(oneStep)", 2, 1, "keep one document"),
            ("name: a\nbranches: main\nname: b\n\(oneStep)", 1, 1, "\"name\" is written again below"),
            ("1: a\n'1': b", 1, 1, "\"1\" is written again below"),
            ("? [a]\n: b", 1, 3, "a key must be text"),
            (": b", 1, 1, "did not find expected key"),
            ("name: &a x\n*a : y", 2, 1, "a key must be text"),
            ("é: &a x\nsteps: \"\\0\"", 2, 8, "NUL"),
            ("<<: 5\n\(oneStep)", 1, 5, "what << merges"),
        ] as [(String, Int, Int, String)])
    func haveAPlace(yaml: String, line: Int, column: Int, words: String) {
        let error = failure(of: yaml.utf8)
        #expect(error?.line == line)
        #expect(error?.column == column)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            ([0x61, 0x3A, 0x20, 0xFF], 1, 4, "not UTF-8"),
            ([0x61, 0x3A, 0x0A, 0xC3, 0xA9, 0xE2, 0x82], 2, 2, "not UTF-8"),
            ([0x61, 0x3A, 0x20, 0x00, 0x62], 1, 4, "U+0 "),
            ([0x0A, 0x07], 2, 1, "U+7 "),
            (Array(repeating: 0x0A, count: 1 << 20) + [0x0A], 1, 1, "1048577 bytes"),
        ] as [([UInt8], Int, Int, String)])
    func bytesThatAreNoText(bytes: [UInt8], line: Int, column: Int, words: String) {
        let error = failure(of: bytes)
        #expect(error?.line == line)
        #expect(error?.column == column)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func describeThemselves() {
        let error = failure(of: "matrix:\n  GO: 1.9\n\(oneStep)".utf8)
        #expect(error?.description == "line 2, column 7: the axis \"GO\" is text here and must be a list")
    }

    @Test func aByteOrderMarkIsNoText() throws {
        _ = try configuration("\u{FEFF}" + oneStep)
    }
}
