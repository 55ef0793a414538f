import Core
import Foundation
import Postgres
import Sealing
import Store
import TestSupport
import Testing

/// What is done for one repository, tenant or user leaves the ones beside it alone, below the API too.
@Suite struct NeighbourTests {
    private struct Places {
        var store: Store
        var database: Database
        var tenants: [Int64] = []
        var repos: [Repo] = []

        var secrets: [SecretPlace] { zip(tenants, repos).map { SecretPlace(tenantID: $0, repoID: $1.id) } }
    }

    /// Two tenants, each with a repository.
    private func withNeighbours(_ body: (Places) async throws -> Void) async throws {
        try await withMigratedDatabase { _, database in
            let store = Store(database: database, keyRing: try KeyRing(text: KeyRing.generate(id: "test")))
            var places = Places(store: store, database: database)
            let forge = try await store.ensureForge(name: "git", kind: "git", url: "", isDefault: true)
            for name in ["left", "right"] {
                let tenant = try await store.ensureTenant(forgeID: forge, forgeOwnerID: name, name: name).tenant
                places.tenants.append(tenant.id)
                places.repos.append(
                    try await store.createRepo(
                        NewRepo(
                            id: try await store.nextRepoID(), tenantID: tenant.id, forgeID: forge, forgeRepoID: name,
                            owner: name, name: "app", avatarURL: "", linkURL: "", cloneURL: "", defaultBranch: "main",
                            isPrivate: true, hookSecret: [1], activatedBy: "")))
            }
            try await body(places)
        }
    }

    @Test func tenantsAreOfTheirForge() async throws {
        try await withNeighbours { places in
            let store = places.store
            let other = try await store.ensureForge(name: "other", kind: "github", url: "", isDefault: false)
            let namesake = try await store.ensureTenant(forgeID: other, forgeOwnerID: "left", name: "left").tenant
            #expect(try await store.findTenant(forge: nil, name: "left")?.id == places.tenants[0])
            #expect(try await store.findTenant(forge: nil, name: "right")?.id == places.tenants[1])
            #expect(try await store.findTenant(forge: "other", name: "left")?.id == namesake.id)
            #expect(try await store.findTenant(forge: "other", name: "right") == nil)
            for (id, name) in zip(places.tenants + [namesake.id], ["left", "right", "left"]) {
                #expect(try await store.tenant(id: id)?.id == id)
                let locked = try await store.lockTenant(id: id)
                #expect(locked?.id == id && locked?.name == name)
            }
        }
    }

    @Test func repositoriesAreOfTheirForge() async throws {
        try await withNeighbours { places in
            let store = places.store
            let other = try await store.ensureForge(name: "other", kind: "github", url: "", isDefault: false)
            let tenant = try await store.ensureTenant(forgeID: other, forgeOwnerID: "left", name: "left").tenant
            let namesake = try await store.createRepo(
                NewRepo(
                    id: try await store.nextRepoID(), tenantID: tenant.id, forgeID: other, forgeRepoID: "left",
                    owner: "left", name: "app", avatarURL: "", linkURL: "", cloneURL: "", defaultBranch: "main",
                    isPrivate: true, hookSecret: [2], activatedBy: ""))
            for repo in places.repos + [namesake] {
                let path = RepoPath(forge: nil, owner: repo.owner, name: repo.name)
                let forge = repo.id == namesake.id ? "other" : "git"
                #expect(try await store.hookSecret(forge: forge, path: path)?.repoID == repo.id)
            }
            #expect(
                try await store.hookSecret(forge: "other", path: RepoPath(forge: nil, owner: "right", name: "app"))
                    == nil)
            #expect(
                try await store.hookSecret(forge: "git", path: RepoPath(forge: nil, owner: "left", name: "lib")) == nil)
            #expect(try await store.repos(onForge: other, after: 0, limit: 9).map(\.id) == [namesake.id])
            _ = try await store.deleteRepo(id: places.repos[0].id)
            let onGit = try await store.repos(onForge: places.repos[0].forgeID, after: 0, limit: 9)
            #expect(onGit.map(\.id) == [places.repos[1].id])
            #expect(try await store.hookSecret(forge: "git", path: places.repos[0].path) == nil)
        }
    }

    @Test func theUseOfATokenIsNotedForItAlone() async throws {
        try await withNeighbours { places in
            let store = places.store
            var users: [User] = []
            for login in ["ada", "bob"] {
                let user = try #require(try await store.createUser(login: login, email: "", admin: false))
                _ = try await store.createToken(userID: user.id, name: "", hash: Digest.sha256(login.utf8))
                users.append(user)
            }
            _ = try await store.caller(.token(hash: Digest.sha256("ada".utf8)))
            try await eventually {
                try await store.tokens(userID: users[0].id, limit: 1).first?.lastUsedAt != nil
            }
            #expect(try await store.tokens(userID: users[1].id, limit: 1).first?.lastUsedAt == nil)
        }
    }

    @Test func refsAreOfOneRepository() async throws {
        try await withNeighbours { places in
            let (left, right) = (places.repos[0].id, places.repos[1].id)
            let main = ["refs/heads/main"]
            for (repo, commit) in [(left, "a"), (right, "b")] {
                try await places.store.setRefs(repoID: repo, ["refs/heads/main": commit])
            }
            #expect(try await places.store.refs(repoID: left) == ["refs/heads/main": "a"])
            #expect(try await places.store.refs(repoID: right) == ["refs/heads/main": "b"])
            #expect(try await places.store.refs(repoID: left, named: main) == ["refs/heads/main": "a"])
            #expect(try await places.store.refs(repoID: right, named: main) == ["refs/heads/main": "b"])
            try await places.store.setRefs(repoID: left, ["refs/heads/main": nil])
            #expect(try await places.store.refs(repoID: right) == ["refs/heads/main": "b"])
        }
    }

    @Test func keysAreOfOneRepository() async throws {
        try await withNeighbours { places in
            let pairs = [try await KeyPair.generated(), try await KeyPair.generated()]
            for (repo, pair) in zip(places.repos, pairs) {
                try await places.store.createKeyPair(repoID: repo.id, pair)
            }
            for (repo, pair) in zip(places.repos, pairs) {
                #expect(try await places.store.publicKey(repoID: repo.id) == pair.sshPublicKey)
                #expect(try await places.store.keyPairs(repoID: repo.id).map(\.keyID) == [pair.keyID])
                #expect(try await places.store.lockedKeyPairCount(repoID: repo.id) == 1)
            }
        }
    }

    @Test func secretsAreCountedInTheirPlace() async throws {
        try await withNeighbours { places in
            let secret = NamedSecret(name: "S", value: "long enough", events: [.push])
            let tenant = SecretPlace(tenantID: places.tenants[0])
            for place in places.secrets + [tenant] {
                #expect(try await places.store.lockedSecretCount(place) == 0)
                _ = try await places.store.createSecret(place, secret, by: "")
            }
            for place in places.secrets + [tenant] { #expect(try await places.store.lockedSecretCount(place) == 1) }
            #expect(
                try await places.store.openSecrets(tenantID: places.tenants[1], repoID: places.repos[1].id).count == 1)
        }
    }

    @Test func repositoriesAreCountedWhileTheyAreActive() async throws {
        try await withNeighbours { places in
            for tenant in places.tenants {
                let count = try await places.store.repositoryCount(tenantID: tenant)
                #expect(count == 1)
            }
            #expect(try await places.store.deleteRepo(id: places.repos[0].id))
            #expect(try await places.store.repositoryCount(tenantID: places.tenants[0]) == 0)
            #expect(try await places.store.repositoryCount(tenantID: places.tenants[1]) == 1)
            #expect(try await !places.store.deleteRepo(id: places.repos[0].id))
            #expect(try await places.store.repo(id: places.repos[0].id) == nil)
            #expect(try await places.store.repo(id: places.repos[1].id) == places.repos[1])
            #expect(try await places.store.updateRepo(id: places.repos[0].id, RepoChange()) == nil)
        }
    }

    /// A repository is erased only after it was deleted, and alone.
    @Test func erasingLeavesTheOthers() async throws {
        try await withNeighbours { places in
            for repo in places.repos {
                _ = try await places.store.receiveDelivery(
                    repoID: repo.id, key: "one", event: "push", headers: Variables(), body: [])
            }
            let (left, right) = (places.repos[0].id, places.repos[1].id)
            #expect(try await places.store.reposToErase().isEmpty)
            #expect(try await places.store.erase(repoID: left, from: 1) == nil)
            #expect(try await places.store.repo(id: left) != nil)
            _ = try await places.store.deleteRepo(id: left)
            #expect(try await places.store.reposToErase() == [left])
            #expect(try await places.store.erase(repoID: left, from: 1) == nil)
            #expect(try await places.store.reposToErase().isEmpty)
            #expect(try await places.store.repo(id: right) != nil)
            #expect(try await !places.store.isIntakeIdle(repoID: right))
        }
    }

    /// The audit of a tenant has no entries of another, nor of none.
    @Test func anAuditIsOfOneTenant() async throws {
        try await withNeighbours { places in
            for tenant in [places.tenants[0], places.tenants[1], nil] {
                let sql =
                    "insert into audit (tenant_id, actor_kind, actor, action, object) values ($1, 'system', '', 'x', $2)"
                let parameters: [Parameter] = [.int(tenant), .text(tenant.map(String.init) ?? "none")]
                _ = try await places.database.execute(Statement(name: "test.audit", sql: sql), parameters)
            }
            for (tenant, repo) in zip(places.tenants, places.repos) {
                let entries = try await places.store.audit(tenantIDs: [tenant], AuditFilter()).entries
                #expect(entries.map(\.object) == [String(tenant)] && entries.map(\.tenant) == [repo.owner])
            }
        }
    }

    @Test func deliveriesAreOfOneRepository() async throws {
        try await withNeighbours { places in
            let store = places.store
            let repos = places.repos.map(\.id)
            var ids: [Int64] = []
            for repo in repos {
                let made = try await store.receiveDelivery(
                    repoID: repo, key: "one", event: "push", headers: Variables(), body: [])
                #expect(made.isNew)
                ids.append(made.id)
                let again = try await store.receiveDelivery(
                    repoID: repo, key: "one", event: "push", headers: Variables(), body: [])
                #expect(!again.isNew && again.id == made.id)
            }
            for (repo, id) in zip(repos, ids) {
                #expect(try await store.waitingDeliveries(repoID: repo, limit: 9).map(\.id) == [id])
            }
            let first = try #require(try await store.waitingDeliveries(repoID: repos[0], limit: 9).first)
            try await store.countTry(first)
            #expect(try await store.waitingDeliveries(repoID: repos[1], limit: 9).map(\.tries) == [0])
            #expect(try await store.finishDelivery(first, .ignored(reason: "nothing")))
            #expect(try await store.waitingDeliveries(repoID: repos[1], limit: 9).map(\.id) == [ids[1]])
        }
    }

    @Test func aLeaseIsOnOneRepository() async throws {
        try await withNeighbours { places in
            let store = places.store
            for repo in places.repos {
                _ = try await store.receiveDelivery(
                    repoID: repo.id, key: "one", event: "push", headers: Variables(), body: [])
            }
            let first = try #require(try await store.claimIntake(seconds: 600))
            let second = try #require(try await store.claimIntake(seconds: 600))
            #expect(first.repoID != second.repoID)
            #expect(try await store.claimIntake(seconds: 600) == nil)
            // Both leases have the number 1: only the repository tells them apart.
            #expect(first.lease == second.lease)
            #expect(try await store.holdIntake(second, seconds: 600))
            try await store.reopenIntake(first, tries: 0, milliseconds: 0)
            #expect(try await store.claimIntake(seconds: 600)?.repoID == first.repoID)
            #expect(try await store.claimIntake(seconds: 600) == nil)
            #expect(try await store.closeIntake(second))
            #expect(try await store.isIntakeIdle(repoID: second.repoID))
            #expect(try await !store.isIntakeIdle(repoID: first.repoID))
        }
    }
}
