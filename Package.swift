// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of this package is compiled with.
/// `NonisolatedNonsendingByDefault` stays off: it breaks Hummingbird's `RouterMiddleware`.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioFoundationCompat = Target.Dependency.product(name: "NIOFoundationCompat", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.target(name: name)] + dependencies,
        swiftSettings: settings
    )
}

let package = Package(
    name: "skep",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "skep", targets: ["Skep"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "YAML", "CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "SQL", path: "sql",
            resources: [.embedInCode("migrations"), .embedInCode("queries")],
            swiftSettings: settings),

        library("Core"),
        library("Telemetry"),
        library("AgentProtocol", ["Core"]),
        library("Postgres", ["CLibPQ", logging, serviceLifecycle]),
        library("Sealing", ["COpenSSL"]),
        library("LogStream", ["CZlib"]),
        library("Pipeline", ["Core", yams]),
        .target(
            name: "Reference", dependencies: ["Core", yams], resources: [.embedInCode("openapi.yaml")],
            swiftSettings: settings),
        library("EmbeddedPostgres", [logging, subprocess, systemPackage]),
        library("Store", ["Core", "LogStream", "Postgres", "SQL", "Sealing"]),
        library("Queue", ["Core", "Postgres", "SQL", logging, serviceLifecycle]),
        library(
            "Forge",
            ["Core", "Sealing", asyncHTTPClient, logging, nioCore, nioHTTP1, nioSSL, subprocess, systemPackage]),
        library(
            "Builds",
            [
                "AgentProtocol", "Core", "Pipeline", "Postgres", "Store", "Queue", "Forge", "LogStream", "Sealing",
                "Telemetry", logging,
                serviceLifecycle,
            ]),
        library(
            "API",
            [
                "Core", "Builds", "Store", "Postgres", "LogStream", "AgentProtocol", "Forge", "Reference", "Sealing",
                "Telemetry", hummingbird, hummingbirdCore, httpTypes, logging, nioCore, nioFoundationCompat, nioHTTP1,
                nioPosix, serviceLifecycle,
            ]),
        library(
            "Agent",
            [
                "Core", "AgentProtocol", "LogStream", asyncHTTPClient, logging, nioCore, nioHTTP1, nioSSL,
                serviceLifecycle, subprocess, systemPackage,
            ]),
        .executableTarget(
            name: "Skep",
            dependencies: [
                "API", "Agent", "AgentProtocol", "Builds", "Core", "EmbeddedPostgres", "Forge", "LogStream", "Pipeline",
                "Postgres", "Queue", "SQL", "Sealing", "Store", nioCore, nioHTTP1, unixSignals, argumentParser, yams,
                configuration, hummingbird, logging,
                serviceLifecycle, systemPackage, asyncHTTPClient,
            ],
            swiftSettings: settings),

        library(
            "TestSupport",
            [
                "API", "Agent", "AgentProtocol", "Builds", "Core", "EmbeddedPostgres", "Forge", "LogStream", "Postgres",
                "Queue", "SQL", "Sealing", "Store", hummingbird, asyncHTTPClient, logging, nioCore, nioFoundationCompat,
                nioHTTP1,
                serviceLifecycle, subprocess, systemPackage,
            ]),
        tests("Core"),
        tests("Postgres", ["TestSupport", logging]),
        tests("Sealing"),
        tests("LogStream"),
        tests("Pipeline", ["Core"]),
        tests(
            "SQL",
            [
                "AgentProtocol", "Builds", "Core", "EmbeddedPostgres", "Forge", "Postgres", "Queue", "Sealing", "Store",
                "TestSupport", logging,
            ]),
        tests("Store", ["Core", "LogStream", "Postgres", "SQL", "Sealing", "TestSupport"]),
        tests("Queue", ["Postgres", "SQL", "TestSupport"]),
        tests("Forge", ["Core", "Sealing", "TestSupport", logging, subprocess, systemPackage]),
        tests(
            "Builds",
            [
                "AgentProtocol", "Core", "Forge", "LogStream", "Postgres", "Queue", "SQL", "Sealing", "Store",
                "TestSupport",
                hummingbird, logging,
            ]),
        tests("Agent", ["AgentProtocol", "Core", "LogStream", "TestSupport", logging, subprocess, systemPackage]),
        tests(
            "API",
            [
                "AgentProtocol", "Builds", "Core", "LogStream", "Postgres", "Reference", "Sealing", "Store",
                "Telemetry", "TestSupport", hummingbird, httpTypes, logging, nioCore, nioPosix,
                subprocess,
            ]),
        tests(
            "Skep",
            [
                "Core", "Postgres", "Sealing", "Store", "TestSupport", asyncHTTPClient, nioCore, nioFoundationCompat,
                nioHTTP1,
                subprocess, systemPackage,
            ]),
    ]
)

// What only scripts/fuzz builds: libFuzzer is no part of a normal program.
if Context.environment["SKEP_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzzer", path: "Fuzz/CFuzzer"),
        .executableTarget(
            name: "SkepFuzz",
            dependencies: [
                "API", "AgentProtocol", "Builds", "CFuzzer", "Core", "Forge", "LogStream", "Pipeline", "Sealing",
                "Store",
                logging,
            ],
            path: "Fuzz/SkepFuzz",
            swiftSettings: settings),
    ]
}

// What scripts/sanitize builds: the tests that stay below HTTP, and of TestSupport what gives them a database. The rest would
// make an instrumented build several times as long.
if Context.environment["SKEP_SANITIZE"] != nil {
    let tests = ["Core", "Postgres", "Sealing", "LogStream", "Pipeline", "Queue"].map { "\($0)Tests" }
    let others = ["AgentProtocol", "Store", "Forge", "Builds", "API", "Agent", "Skep"]
    package.products = []
    package.targets.removeAll { others.contains($0.name) || ($0.type == .test && !tests.contains($0.name)) }
    for target in package.targets where target.name == "TestSupport" {
        target.dependencies = ["EmbeddedPostgres", "Postgres", "SQL", logging]
        target.sources = [
            "Cluster.swift", "ClusterDatabases.swift", "ClusterGate.swift", "Eventually.swift", "FreePort.swift",
            "ReplacedQueries.swift",
        ]
        if Context.environment["SKEP_SANITIZE"] == "thread" { target.sources?.append("ThreadSanitizerMutex.swift") }
    }
}
