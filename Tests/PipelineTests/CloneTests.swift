import Core
import Pipeline
import Testing

struct CloneTests {
    private func options(
        depth: Int = 50, recursive: Bool = false, tags: Bool = false, skipped: Bool = false
    ) -> CloneOptions {
        var options = CloneOptions()
        (options.depth, options.isRecursive, options.hasTags, options.isSkipped) = (depth, recursive, tags, skipped)
        return options
    }

    private func read(_ yaml: String) throws -> CloneOptions {
        try configuration(yaml + "\n" + oneStep).plan(for: [:], in: context()).clone
    }

    @Test func isAsItIs() throws {
        #expect(try read("") == options())
        #expect(try read("skip_clone: false") == options())
    }

    @Test(arguments: [
        "clone: {depth: 3, recursive: true, tags: true}",
        "clone: {git: {image: plugins/git, depth: 3, recursive: true, tags: true}}",
        "clone: {git: {image: 'plugins/git:next', depth: 3, recursive: true, tags: true}}",
        "clone: {mine: {image: quay.io/woodpeckerci/plugin-git:2.1@sha256:00, settings: {depth: 3, recursive: true, tags: true}}}",
        "clone: [{name: git, image: docker.io/woodpeckerci/plugin-git, settings: {depth: 3, recursive: true, tags: true}}]",
    ])
    func hasOptions(yaml: String) throws {
        #expect(try read(yaml) == options(depth: 3, recursive: true, tags: true))
    }

    @Test(arguments: ["skip_clone: true", "clone: {disable: true}", "clone: {depth: 50}\nskip_clone: true"])
    func isSkipped(yaml: String) throws {
        #expect(try read(yaml) == options(skipped: true))
    }

    @Test(
        arguments: [
            ("clone: {depth: -1}", 1, 16, "depth must be a number"), ("clone: {depth: all}", 1, 16, "from 0"),
            ("clone: {path: x}", 1, 9, "$CI_WORKSPACE"), ("clone: {lfs: true}", 1, 9, "not supported"),
            ("clone: {deep: 1}", 1, 9, "\"deep\" is no key of clone"), ("clone: true", 1, 8, "such as {depth: 1}"),
            ("clone: {git: {image: alpine/git}}", 1, 22, "\"alpine/git\" cannot"),
            ("clone: {git: {image: plugins/git, commands: [x]}}", 1, 35, "clones by itself"),
            ("clone: {git: {settings: {lfs: true}}}", 1, 26, "not supported"),
            ("clone: {a: {depth: 1}, b: {depth: 2}}", 1, 8, "the clone is one step"),
            ("clone: []", 1, 8, "the clone is one step"), ("skip_clone: yes", 1, 13, "true or false"),
            ("git: {depth: 1}", 1, 1, "write `clone:"),
        ] as [(String, Int, Int, String)])
    func mistakesHaveAPlace(yaml: String, line: Int, column: Int, words: String) {
        let error = failure(of: (yaml + "\n" + oneStep).utf8)
        #expect(error?.line == line)
        #expect(error?.column == column)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}
