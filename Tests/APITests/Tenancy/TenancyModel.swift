import Core
import Store

/// What the world of the tenancy test holds, and who may do what in it: said again here, apart from the product's SQL.
struct TenancyModel {
    struct Tenant {
        let id: Int64
        /// nil: the default one.
        let forge: String?
        let plainName: String
        /// In everything of the tenant that only members see.
        let marker: String

        /// As in addresses.
        var name: String { forge.map { "\($0):\(plainName)" } ?? plainName }

        /// What it used in January 2020.
        var builds: Int64 { 1000 + id }

        func login(ofAccount name: String) -> String { "\(name)@\(forge.map { "\($0)." } ?? "")\(plainName)" }
    }

    struct Repo {
        let id: Int64
        let tenantID: Int64
        /// As in addresses.
        let owner: String
        let name: String
        /// In everything of the repository.
        let marker: String
        var isPrivate: Bool
        /// Builds are numbered 1 to this.
        var lastBuild: Int64
        let hookSecret: String
        /// As SSH writes it.
        var publicKey: String

        var defaultBranch: String { "main-\(marker)" }
        var path: String { "\(owner)/\(name)" }
        var isOnDefaultForge: Bool { !owner.contains(":") }
    }

    /// A person or a service account.
    struct Account {
        let id: Int64
        let login: String
        /// In the e-mail.
        let marker: String
        var isAdministrator = false
        var isActive = true
        /// Of a service account.
        var tenantID: Int64?
        /// By tenant.
        var roles: [Int64: Level] = [:]
        /// By repository.
        var permissions: [Int64: Level] = [:]
    }

    struct Scope {
        var tenantID: Int64
        var repoID: Int64?
        var level: Level
    }

    struct Token {
        let id: Int64
        let text: String
        /// nil: a job's own.
        var accountID: Int64?
        /// Of a job's own.
        var repoID: Int64?
        var attemptID: Int64?
        var level = Level.admin
        var scopes: [Scope] = []
        /// Expired, revoked, or of a job that has ended.
        var isOver = false
        /// False once it was revoked.
        var isStored = true

        func allows(tenantID: Int64, repoID: Int64?) -> Level {
            let fitting = scopes.filter { $0.tenantID == tenantID && ($0.repoID == nil || $0.repoID == repoID) }
            return max(level, fitting.map(\.level).max() ?? .none)
        }
    }

    struct Agent {
        let token: String
        /// nil: for all tenants.
        let tenantID: Int64?
        var attempts: [Int64] = []
    }

    enum Sender {
        case nobody
        /// Sends what is no token of a user or a job.
        case stranger(String)
        case token(Token)
    }

    var tenants: [Int64: Tenant] = [:]
    /// Active ones.
    var repos: [Int64: Repo] = [:]
    /// The tenants of deleted ones.
    var deleted: [Int64: Int64] = [:]
    /// What the forge has and nobody has activated yet.
    var waitingRepos: [(tenantID: Int64, name: String)] = []
    var accounts: [Int64: Account] = [:]
    var tokens: [Int64: Token] = [:]
    /// Names by place.
    var secrets: [SecretPlace: Set<String>] = [:]
    var agents: [Agent] = []
}

// Who may do what.
extension TenancyModel {
    /// nil: the token is not good.
    private func living(_ sender: Sender) -> Token? {
        guard case .token(let token) = sender, !token.isOver, tokens[token.id] != nil else { return nil }
        guard let id = token.accountID else { return token }
        return accounts[id]?.isActive == true ? token : nil
    }

    /// The account of a good token, and the token.
    func account(_ sender: Sender) -> (Account, Token)? {
        guard let token = living(sender), let account = token.accountID.flatMap({ accounts[$0] }) else { return nil }
        return (account, token)
    }

    func isAdministrator(_ sender: Sender) -> Bool {
        account(sender).map { $0.isAdministrator && $1.level == .admin } ?? false
    }

    func level(_ sender: Sender, _ repo: Repo) -> Level {
        let isOfJob = living(sender).map { $0.repoID == repo.id } ?? false
        let everybody: Level = !repo.isPrivate || isOfJob ? .read : .none
        guard let (account, token) = account(sender) else { return everybody }
        // Other forges tell of permissions themselves.
        let role = repo.isOnDefaultForge ? account.roles[repo.tenantID] ?? .none : .none
        let own = max(role, account.permissions[repo.id] ?? .none)
        let user = account.isAdministrator ? .admin : own
        return max(everybody, min(user, token.allows(tenantID: repo.tenantID, repoID: repo.id)))
    }

    func role(_ sender: Sender, _ tenant: Tenant) -> Level {
        guard let (account, token) = account(sender) else { return .none }
        let user = account.isAdministrator ? .admin : account.roles[tenant.id] ?? .none
        return min(user, token.allows(tenantID: tenant.id, repoID: nil))
    }

    /// What a request on a repository is refused with; nil: it may go on. A repository that is nil is not there.
    func refusal(_ sender: Sender, on repo: Repo?, needs: Level) -> Int? {
        var isNobody = false
        if case .nobody = sender { isNobody = true }
        guard isNobody || living(sender) != nil else { return 401 }
        let level = repo.map { self.level(sender, $0) } ?? .none
        if level == .none { return 404 }
        return level >= needs ? nil : isNobody ? 401 : 403
    }

    /// As for repositories.
    func refusal(_ sender: Sender, in tenant: Tenant?, needs: Level) -> Int? {
        guard account(sender) != nil else { return 401 }
        let role = tenant.map { self.role(sender, $0) } ?? .none
        if role == .none { return 404 }
        return role >= needs ? nil : 403
    }

    /// What a request on the sender's own account is refused with.
    func refusalOfAccount(_ sender: Sender) -> Int? {
        guard let (_, token) = account(sender) else { return 401 }
        return token.level == .admin ? nil : 403
    }

    func refusalOfAdministration(_ sender: Sender) -> Int? {
        account(sender) == nil ? 401 : isAdministrator(sender) ? nil : 403
    }

    /// Markers that a reply to the sender may have.
    func visibleMarkers(_ sender: Sender) -> Set<String> {
        var visible = Set(repos.values.filter { level(sender, $0) >= .read }.map(\.marker))
        visible.formUnion(tenants.values.filter { role(sender, $0) >= .read }.map(\.marker))
        guard let (account, _) = account(sender) else { return visible }
        visible.insert(account.marker)
        if let own = account.tenantID.flatMap({ tenants[$0] }) { visible.insert(own.marker) }
        if isAdministrator(sender) { visible.formUnion(accounts.values.map(\.marker)) }
        return visible
    }
}
