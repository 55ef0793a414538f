import Core
import Store
import TestSupport

/// A request of the tenancy test, and what the model expects of it.
struct TenancyAsk {
    typealias Sender = TenancyModel.Sender

    /// Asks the same about what is not there: the answer has to look the same.
    struct Twin {
        /// The parameter of the path, or `json` for a name in the body.
        var parameter: String
        var name: String
        var absent: String
    }

    var sender: Sender
    /// Of the path's parameters.
    var values: [String: String] = [:]
    var query = ""
    var json: String?
    var body: [UInt8]?
    var headers: [String: String] = [:]
    /// Statuses, any of which is right.
    var expected: Set<Int>
    /// Whose rows it may change.
    var touched: Set<TenancyOwner> = []
    var twin: Twin?
    /// Beyond what the sender sees anyway.
    var alsoVisible: Set<String> = []
    /// Looks at the reply of a request that went through, and does to the model what it did.
    var after: ((TenancyWorld, TestReply) async throws -> Void)?

    var isAllowed: Bool { expected.contains { $0 < 300 } }
}

/// Something below a repository or a tenant that a path names.
struct TenancyItem {
    var parameter: String
    var name: String
    /// Whether it is where the path says.
    var isThere: Bool
    /// As long as the name.
    var absent: String
}

// What generators of requests have in common.
extension TenancyWorld {
    /// Who sends: mostly somebody with a good token.
    func sender() -> TenancyModel.Sender {
        switch dice.number(1...20) {
        case 1: return .nobody
        case 2:
            let strange = ["garbage", "skep_\(dice.marker())", People.stranger, model.agents[0].token]
            return .stranger(dice.pick(strange) ?? "")
        case 3...5: return dice.pick(model.tokens).map { .token($0) } ?? .nobody
        default: return dice.pick(model.tokens.filter { !$0.value.isOver }).map { .token($0) } ?? .nobody
        }
    }

    /// Half of the time one that the sender has something to do with.
    func tenant(for sender: TenancyModel.Sender) -> TenancyModel.Tenant? {
        let own = model.tenants.filter { model.role(sender, $0.value) >= .read }
        return dice.once(in: 2) ? dice.pick(own) ?? dice.pick(model.tenants) : dice.pick(model.tenants)
    }

    func repo(for sender: TenancyModel.Sender) -> TenancyModel.Repo? {
        let own = model.repos.filter { model.level(sender, $0.value) >= .read }
        return dice.once(in: 2) ? dice.pick(own) ?? dice.pick(model.repos) : dice.pick(model.repos)
    }

    /// A request on a repository.
    func ask(
        onRepo needs: Level, _ success: Set<Int>, changes: Bool = false,
        item: ((TenancyModel.Repo) -> TenancyItem)? = nil
    ) throws -> (TenancyAsk, TenancyModel.Repo) {
        let sender = sender()
        guard let repo = repo(for: sender) else { throw NotInTime(description: "no repository is left") }
        let refusal = model.refusal(sender, on: repo, needs: needs)
        var ask = TenancyAsk(
            sender: sender, values: ["owner": repo.owner, "name": repo.name], expected: refusal.map { [$0] } ?? success)
        let item = item?(repo)
        if let item { ask.values[item.parameter] = item.name }
        if refusal == model.refusal(sender, on: nil, needs: needs) {
            ask.twin =
                dice.once(in: 2)
                ? .init(parameter: "name", name: repo.name, absent: dice.absent(like: repo.name))
                : .init(parameter: "owner", name: repo.owner, absent: dice.absent(like: repo.owner))
        } else {
            finish(&ask, refusal, item)
        }
        if ask.isAllowed, changes { ask.touched = [.tenant(repo.tenantID)] }
        return (ask, repo)
    }

    /// A request on a tenant.
    func ask(
        inTenant needs: Level, _ success: Set<Int>, changes: Bool = false,
        item: ((TenancyModel.Tenant) -> TenancyItem)? = nil
    ) throws -> (TenancyAsk, TenancyModel.Tenant) {
        let sender = sender()
        guard let tenant = tenant(for: sender) else { throw NotInTime(description: "there is no tenant") }
        let refusal = model.refusal(sender, in: tenant, needs: needs)
        var ask = TenancyAsk(
            sender: sender, values: ["owner": tenant.name], expected: refusal.map { [$0] } ?? success)
        let item = item?(tenant)
        if let item { ask.values[item.parameter] = item.name }
        if refusal == model.refusal(sender, in: nil, needs: needs) {
            ask.twin = .init(parameter: "owner", name: tenant.name, absent: dice.absent(like: tenant.name))
        } else {
            finish(&ask, refusal, item)
        }
        if ask.isAllowed, changes { ask.touched = [.tenant(tenant.id)] }
        return (ask, tenant)
    }

    /// Who may not use an item does not learn whether it is there; nor does one who asks in the wrong place.
    private func finish(_ ask: inout TenancyAsk, _ refusal: Int?, _ item: TenancyItem?) {
        guard let item else { return }
        if refusal == nil, item.isThere { return }
        if refusal == nil { ask.expected = [404] }
        ask.twin = .init(parameter: item.parameter, name: item.name, absent: item.absent)
    }
}
