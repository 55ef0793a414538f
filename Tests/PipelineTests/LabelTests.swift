import Core
import Pipeline
import Testing

struct LabelTests {
    @Test(
        arguments: [
            ("", [:]),
            ("platform: linux/arm64", ["os": "linux", "arch": "arm64"]),
            ("platform: {os: linux, arch: arm64}", ["os": "linux", "arch": "arm64"]),
            ("platform: linux/$$ARCH", ["os": "linux", "arch": "riscv64"]),
            ("platform: ${PLATFORM}", ["os": "darwin", "arch": "arm64"]),
            ("labels: {gpu: yes, arch: '$$ARCH'}", ["gpu": "yes", "arch": "riscv64"]),
            ("labels: [gpu=yes]\nplatform: linux/amd64", ["gpu": "yes", "os": "linux", "arch": "amd64"]),
            ("labels: {os: bsd}\nplatform: linux/amd64", ["os": "bsd", "arch": "amd64"]),
        ] as [(String, [String: String])])
    func values(yaml: String, expected: [String: String]) throws {
        let cell: Variables = ["ARCH": "riscv64", "PLATFORM": "darwin/arm64"]
        #expect(try configuration("\(yaml)\n\(oneStep)").labels(for: cell) == expected)
    }
}
