import Core
import Pipeline
import Testing

struct PluginTests {
    /// The settings of the only step.
    private func settings(_ yaml: String, cell: Variables = [:], in context: PlanContext = context()) throws -> [String]
    {
        let step = try #require(try steps(yaml, cell: cell, in: context).first)
        #expect(step.commands.isEmpty)
        return step.environment.filter { $0.name.hasPrefix("PLUGIN_") }.map { "\($0.name)=\($0.value)" }
    }

    @Test(
        arguments: [
            ("repo: octocat/hello", "REPO=octocat/hello"),
            ("dry-run: yes", "DRY_RUN=yes"),
            ("a.b: 1.10", "A_B=1.10"),
            ("force: true", "FORCE=true"),
            ("quoted: 'a, \"b\"'", "QUOTED=a, \"b\""),
            ("tags: [1.0, latest, $$TAGGED]", "TAGS=1.0,latest,x\"y"),
            ("empty: []", "EMPTY="),
            (
                "map: {a: 1, b: '1', c: 1.10, d: [x, true, null], e: yes, f: 01}",
                #"MAP={"a":1,"b":"1","c":1.10,"d":["x",true,null],"e":"yes","f":"01"}"#
            ),
            ("list: [{a: $$TAGGED}, -1e5]", #"LIST=[{"a":"x\"y"},-1e5]"#),
            ("text: $$TAGGED $HOME", "TEXT=x\"y $HOME"),
        ] as [(String, String)])
    func become(setting: String, variable: String) throws {
        let cell: Variables = ["TAGGED": "x\"y"]
        let expected = ["PLUGIN_" + variable]
        #expect(try settings("steps: {p: {image: i, settings: {\(setting)}}}", cell: cell) == expected)
        #expect(try settings("pipeline: {p: {image: i, \(setting)}}", cell: cell) == expected)
        #expect(try settings("pipeline: [{name: p, image: i, \(setting)}]", cell: cell) == expected)
    }

    @Test func whatIsNothingIsLeftOut() throws {
        #expect(try settings("steps: {p: {image: i, settings: {a: , b: ~, c: ''}}}") == ["PLUGIN_C="])
        #expect(try settings("steps: {p: {image: i}}").isEmpty)
    }

    @Test func keysOfAStepAreNoSettings() throws {
        let yaml =
            "pipeline: {p: {image: i, pull: true, group: g, environment: {A: b}, when: {branch: main}, x-a: 1, tag: 2}}"
        #expect(try settings(yaml) == ["PLUGIN_TAG=2"])
    }

    @Test(
        arguments: [
            ("steps: {p: {image: i, repo: r}}", 1, 23, "\"repo\" is no key of a step"),
            ("pipeline: {p: {image: i, devices: [x]}}", 1, 26, "containers' settings"),
            ("pipeline: {p: {commands: [x], repo: r}}", 1, 31, "\"repo\" is no key of a step"),
            ("steps: {p: {settings: {a: b}}}", 1, 12, "the `image:` of a plugin"),
            ("steps: {p: {image: i, settings: [a]}}", 1, 33, "must be a mapping"),
            ("steps: {p: {image: i, settings: {a-b: 1, a.b: 2}}}", 1, 42, "another setting is PLUGIN_A_B too"),
            ("steps: {p: {image: i, settings: {a: {b: {from_secret: c}}}}}", 1, 42, "all of a setting"),
            ("steps: {p: {image: i, settings: {a: [{from_secret: c}]}}}", 1, 39, "all of a setting"),
            ("steps: {p: {image: i, settings: {a: {from_secret: ''}}}}", 1, 37, "no name"),
            ("notify: {slack: {}}\nsteps: {t: {commands: [x]}}", 1, 1, "goes with `build:`"),
            ("notify: {slack: {when: {status: failure}}}\nbuild: {commands: [x]}", 1, 25, "success: true"),
            ("notify: {slack: {when: {success: false}}}\nbuild: {commands: [x]}", 1, 24, "never runs"),
            ("notify: {slack: {when: {success: 1}}}\nbuild: {commands: [x]}", 1, 34, "true or false"),
            ("notify: {slack: {when: {change: true}}}\nbuild: {commands: [x]}", 1, 25, "not supported"),
            ("deploy: {heroku: {when: {failure: true}}}\nbuild: {commands: [x]}", 1, 26, "succeeded"),
            ("deploy: {heroku: {when: {event: pull_request}}}\nbuild: {commands: [x]}", 1, 33, "never runs"),
            ("deploy: {heroku: {devices: [x]}}\nbuild: {commands: [x]}", 1, 19, "containers' settings"),
            ("cache: {mount: [x]}\nbuild: {commands: [x]}", 1, 1, "caches"),
        ] as [(String, Int, Int, String)])
    func mistakesHaveAPlace(yaml: String, line: Int, column: Int, words: String) {
        let error = failure(of: yaml.utf8)
        #expect(error?.line == line)
        #expect(error?.column == column)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    private static let old = """
        build: {image: golang, commands: [go test]}
        notify:
          slack: {channel: dev, commands: [a, b], when: {branch: main}}
          email:
          irc: {when: {failure: true}}
        publish:
          azure_storage: {container: c}
          docker: {image: mine/docker, repo: r, when: {event: [push, pull_request]}}
        deploy:
          heroku: {app: a}
        """

    @Test func sectionsOfTheOldDialectFollowTheBuild() throws {
        let steps = try steps(Self.old)
        #expect(
            steps.map(\.name) == [
                "build", "publish.azure_storage", "publish.docker", "deploy.heroku", "notify.slack", "notify.email",
                "notify.irc",
            ])
        #expect(
            steps.map(\.image) == [
                "golang", "plugins/drone-azure-storage:latest", "mine/docker", "plugins/drone-heroku:latest",
                "plugins/drone-slack:latest", "plugins/drone-email:latest", "plugins/drone-irc:latest",
            ])
        #expect(
            steps.map(\.runsOn) == [
                [.success], [.success], [.success], [.success], [.success, .failure], [.success, .failure], [.failure],
            ])
        #expect(steps.map(\.ignoresFailure) == [false, false, false, false, true, true, true])
        #expect(steps[4].environment["PLUGIN_CHANNEL"] == "dev")
        #expect(steps[4].environment["PLUGIN_COMMANDS"] == "a,b")
        #expect(steps.dropFirst().allSatisfy { $0.commands.isEmpty })
        #expect(steps.map(\.dependsOn) == [[], [1], [2], [3], [4], [5], [6]])
    }

    @Test func pullRequestsPublishNothing() throws {
        let names = try steps(Self.old, in: context(event: .pullRequest)).map(\.name)
        #expect(names == ["build", "notify.slack", "notify.email", "notify.irc"])
        let tagged = try steps(Self.old, in: context(event: .tag)).map(\.name)
        #expect(tagged.contains("publish.azure_storage") && !tagged.contains("publish.docker"))
    }

    @Test func secretsReachPluginsWhereCommandsGetNone() throws {
        var context = context(event: .pullRequest)
        context.secrets.file = ["TOKEN": "open sesame", "other": "abcd"]
        context.secrets.fileReachesCommands = false
        context.secrets.named = [
            NamedSecret(name: "named", value: "by name", events: [.pullRequest], images: ["plugins/*"])
        ]
        let planned = try configuration(
            """
            steps:
              p:
                image: plugins/docker
                settings: {a: {from_secret: token}, b: $$TOKEN!, c: [$$TOKEN], d: {from_secret: NAMED}, e: {from_secret: gone}}
              t: {commands: ["echo $$TOKEN"], environment: {A: {from_secret: token}}}
            """
        ).planned(for: [:], in: context)
        let plugin = planned.plan.steps[0].environment
        #expect(plugin["PLUGIN_A"] == "open sesame")
        #expect(plugin["PLUGIN_B"] == "open sesame!")
        #expect(plugin["PLUGIN_C"] == "open sesame")
        #expect(plugin["PLUGIN_D"] == "by name")
        #expect(plugin["PLUGIN_E"] == nil)
        #expect(planned.plan.steps[1].commands == ["echo $$TOKEN"])
        #expect(planned.plan.steps[1].environment["A"] == nil)
        #expect(planned.notes.count == 2)
        #expect(planned.notes.contains("the secret gone is not known"))
    }

    @Test func aSettingIsBounded() throws {
        let long = String(repeating: "a", count: 4096)
        let items = Array(repeating: "$$X", count: 40).joined(separator: ", ")
        #expect(throws: ConfigurationError.self) {
            try steps("steps: {p: {image: i, settings: {a: [\(items)]}}}", cell: ["X": long])
        }
    }
}
