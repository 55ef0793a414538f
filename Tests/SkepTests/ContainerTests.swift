import Foundation
import TestSupport
import Testing

/// The real program on a real container engine.
@Suite struct ContainerTests {
    private static let needsEngine = ConditionTrait.enabled(
        "there is no container engine, and none can be started here"
    ) {
        await TestEngine.isThere
    }

    private let pipeline = """
        services:
          web:
            image: \(TestEngine.image)
            commands:
              - cd /tmp
              - echo "$GREETING" > index.html
              - exec httpd -f -p 8000
            environment:
              GREETING: hello $$NAME
        steps:
          - name: ask
            image: \(TestEngine.image)
            commands:
              - for i in $(seq 100); do wget -qO answer http://web:8000/ && break; sleep 0.1; done 2>/dev/null
              - cat answer
          - name: hungry
            image: \(TestEngine.image)
            commands:
              - if [ $NAME = oom ]; then x=a; while true; do x=$x$x; done; fi
              - echo enough
        matrix:
          NAME: [ada, oom]

        """

    private func start(_ data: DevData, _ engine: TestEngine) async throws -> DevProcess {
        try await DevProcess(
            data, arguments: ["--runtime", "docker", "--memory", "32m", "--cpus", "1.5", "--lease", "10"],
            environment: ["DOCKER_HOST": engine.host])
    }

    @Test(needsEngine) func aMatrixWithAServiceAndLimits() async throws {
        let engine = try await TestEngine.shared
        try await DevData.withFolder { data in
            let dev = try await start(data, engine)
            try await data.forge.create("octocat/hello")
            try await dev.request("POST", "/api/repos/octocat/hello", expecting: 200)
            try await data.forge.commit([".drone.yml": pipeline], to: "octocat/hello")
            let build = try await dev.ended("octocat/hello", 1, timeout: .seconds(90))
            #expect(build["status"] as? String == "failure")
            let jobs = try #require(build["jobs"] as? [[String: Any]])
            #expect(jobs.map { $0["status"] as? String } == ["success", "failure"])
            #expect(jobs.map { $0["exit_code"] as? Int } == [0, 137])
            let first = String(decoding: try await dev.get("/api/repos/octocat/hello/logs/1/1"), as: UTF8.self)
            #expect(first.contains("\n+ cat answer\nhello ada\n") && first.hasSuffix("\n+ echo enough\nenough\n"))
            let second = String(decoding: try await dev.get("/api/repos/octocat/hello/logs/1/2"), as: UTF8.self)
            #expect(second.contains("hello oom\n") && second.hasSuffix("\nskep: killed: out of memory (limit 32 MB)\n"))
            // The end is reported before the services go.
            try await eventually { try await engine.left(ofAgentIn: data.path + "/agent") == [] }
            #expect(try await dev.interrupt() == 0)
        }
    }

    @Test(needsEngine) func killedInTheMidstItEndsTheBuildAfterTheNextStart() async throws {
        let engine = try await TestEngine.shared
        try await DevData.withFolder { data in
            let first = try await start(data, engine)
            try await data.forge.create("octocat/hello")
            try await first.request("POST", "/api/repos/octocat/hello", expecting: 200)
            let slow = pipeline.replacingOccurrences(of: "[ada, oom]", with: "[ada]")
                .replacingOccurrences(of: "- echo enough", with: "- echo slow; sleep 3; echo enough")
            try await data.forge.commit([".drone.yml": slow], to: "octocat/hello")
            try await eventually(timeout: .seconds(180)) {
                let log = try await first.get("/api/repos/octocat/hello/logs/1/1")
                return String(decoding: log, as: UTF8.self).contains("\nslow\n")
            }
            try await first.killHard()
            #expect(try await engine.left(ofAgentIn: data.path + "/agent").count == 3)
            let second = try await start(data, engine)
            let build = try await second.ended("octocat/hello", 1, timeout: .seconds(90))
            #expect(build["status"] as? String == "success")
            let log = String(decoding: try await second.get("/api/repos/octocat/hello/logs/1/1"), as: UTF8.self)
            #expect(log.hasSuffix("\nslow\nenough\n"))
            #expect(try await second.interrupt() == 0)
            #expect(try await engine.left(ofAgentIn: data.path + "/agent") == [])
        }
    }
}
