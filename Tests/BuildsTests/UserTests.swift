import Builds
import Core
import Store
import TestSupport
import Testing

@Suite struct UserTests {
    /// Administrators who remove each other at the same moment: one is left.
    @Test(arguments: [true, false]) func oneAdministratorRemains(deleting: Bool) async throws {
        try await withLab { lab in
            var callers = [lab.root]
            for number in 1...7 {
                let user = try await lab.engine.createUser(NewUser(login: "admin\(number)", admin: true))
                callers.append(Caller(user: user, token: lab.root.token))
            }
            await withTaskGroup(of: Void.self) { [callers] group in
                for caller in callers {
                    for other in callers where other.user.id != caller.user.id {
                        group.addTask {
                            if deleting {
                                try? await lab.engine.deleteUser(other.user.login, by: caller)
                            } else {
                                _ = try? await lab.engine.changeUser(
                                    other.user.login, UserChange(admin: false), by: caller)
                            }
                        }
                    }
                }
            }
            #expect(try await lab.number("select count(*) from users where admin and active") == 1)
        }
    }

    @Test func aLoginIsTakenOnceInAnyCase() async throws {
        try await withLab { lab in
            let made = await withTaskGroup(of: Bool.self) { group in
                for login in ["Ada", "ada", "ADA", "aDa", "adA", "ADa"] {
                    group.addTask { (try? await lab.engine.createUser(NewUser(login: login))) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 1)
        }
    }

    /// Two activations at once: one repository.
    @Test func aRepositoryIsActivatedOnce() async throws {
        try await withLab { lab in
            let path = try #require(RepoPath(owner: "octo", name: "other"))
            let made = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<6 {
                    group.addTask { (try? await lab.engine.activateRepo(path, by: lab.root)) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 1)
            #expect(try await lab.number("select count(*) from repositories where name = 'other'") == 1)
        }
    }

    /// A deleted repository's name is free at once; the next one starts at build 1.
    @Test func aNameIsFreeAfterDeletion() async throws {
        try await withLab { lab in
            try await lab.push()
            try await lab.engine.deleteRepo(try await lab.access())
            await #expect(throws: AccessError.self) { _ = try await lab.access() }
            let again = try await lab.engine.activateRepo(lab.repo.path, by: lab.root)
            #expect(again.id != lab.repo.id)
            #expect(try await lab.number("select last_number from build_counters where repo_id = \(again.id)") == 0)
        }
    }
}
