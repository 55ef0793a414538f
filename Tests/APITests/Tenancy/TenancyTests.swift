import API
import Core
import Foundation
import TestSupport
import Testing

/// Whatever is asked, by whomever, of whatever: nobody reads or changes what is not theirs, and what they may not see looks as
/// if it were not there.
///
/// The seed is printed, and taken from `SKEP_TENANCY_SEED` to repeat a run; `SKEP_TENANCY_REQUESTS` asks for fewer requests.
@Suite struct TenancyTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["SKEP_TENANCY_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)
    private static let requests = environment["SKEP_TENANCY_REQUESTS"].flatMap { Int($0) } ?? 10_000
    private static let worlds = 4

    @Test(arguments: 0..<worlds)
    func nobodyReadsOrChangesWhatIsNotTheirs(world index: Int) async throws {
        let seed = Self.seed + UInt64(index)
        try await withServer(workers: false, lease: 3600) { server in
            try await TenancyPrint.expectEveryTable(server.database)
            let walk = TenancyWalk(try await TenancyWorld(server, seed: seed))
            print("tenancy: seed \(Self.seed), world \(index)")
            try await walk.send(Self.requests / Self.worlds)
            try await walk.keepHouse()
            print("tenancy: world \(index) answered \(walk.answers.sorted { $0.key < $1.key }), \(walk.pairs) in pairs")
            // Else the walk would prove nothing.
            #expect(walk.pairs > Self.requests / Self.worlds / 10)
            let all = [200, 201, 202, 204, 401, 403, 404, 409]
            #expect(Self.requests < 10_000 || all.allSatisfy { walk.answers[$0] != nil })
        }
    }

    /// A route that nobody has written requests for is a route that is not attacked.
    @Test func everyRouteIsAttacked() async throws {
        try await withServer(workers: false) { server in
            let router = Routes(engine: server.engine, newestMigration: 1).router()
            let routes = Routes.list(in: router).map { "\($0.method) \($0.path)" }
            #expect(Set(routes) == Set(TenancyWalk.generators.keys))
        }
    }
}
