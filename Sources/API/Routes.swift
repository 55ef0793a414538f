package import Builds
package import Hummingbird
import HTTPTypes
import Store
import Synchronization

/// The whole API on one page: path, guard, handler. docs/api.md says the same for its users, and a test compares the two.
package struct Routes: Sendable {
    let engine: Engine
    let newestMigration: Int
    let proxies: TrustedProxies
    let limits: RateLimits
    private let live: Live
    private let requests = RequestMetrics()
    private let logsAccess: Bool

    /// - Parameters:
    ///   - newestMigration: the number that the database must have reached for the server to be ready.
    ///   - logsAccess: whether each request is logged, at the level info.
    package init(
        engine: Engine, newestMigration: Int, proxies: TrustedProxies = .none,
        limits: RateLimits.Settings = RateLimits.Settings(), logsAccess: Bool = false
    ) {
        self.engine = engine
        self.newestMigration = newestMigration
        self.proxies = proxies
        self.limits = RateLimits(limits)
        self.logsAccess = logsAccess
        live = Live(engine: engine)
    }

    /// Streams of events that are open on this server.
    package var openStreams: Int { live.open.load(ordering: .relaxed) }

    package func router() -> Router<AppContext> {
        let routes = Self.list(in: assemble(methods: MethodTable(routes: [])))
        return assemble(methods: MethodTable(routes: routes))
    }

    /// What a listener for those who watch over the server answers. What it is asked is not counted among requests.
    func healthRouter() -> Router<AppContext> {
        let router = Router(context: AppContext.self, options: [.autoGenerateHeadEndpoints])
        let methods = MethodTable(routes: [("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")])
        router.add(middleware: envelope(methods, RequestMetrics(), logsAccess: false))
        health(router)
        router.get("/metrics", use: MetricsController(engine: engine, requests: requests, live: live).get)
        return router
    }

    /// Every route's method and path, such as `("GET", "/api/user")`; HEAD, which GET brings along, left out.
    package static func list(in router: Router<AppContext>) -> [(method: String, path: String)] {
        router.routes.map { (method: $0.method.rawValue, path: $0.path.description) }
    }

    private func assemble(methods: MethodTable) -> Router<AppContext> {
        let router = Router(context: AppContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: envelope(methods, requests, logsAccess: logsAccess))
        open(router)
        account(router)
        administration(router)
        repositories(router)
        agents(router)
        return router
    }

    private func envelope(_ methods: MethodTable, _ requests: RequestMetrics, logsAccess: Bool) -> Envelope {
        Envelope(methods: methods, proxies: proxies, limits: limits, requests: requests, logsAccess: logsAccess)
    }

    /// For everybody.
    private func open(_ router: Router<AppContext>) {
        let hooks = HookController(engine: engine)
        let reference = ReferenceController()
        health(router)
        router
            .get("/openapi.json", use: reference.document)
            .get("/docs", use: reference.page)
            .get("/version", use: HealthController(engine: engine, newestMigration: newestMigration).version)
            .post("/hook", use: hooks.receive)
            .post("/api/hook", use: hooks.receive)
    }

    /// For what watches over the server.
    private func health(_ router: Router<AppContext>) {
        let health = HealthController(engine: engine, newestMigration: newestMigration)
        router
            .get("/healthz", use: health.health)
            .get("/readyz", use: health.ready)
    }

    /// For everybody with a good token.
    private func account(_ router: Router<AppContext>) {
        let user = UserController(engine: engine)
        let tokens = TokenController(engine: engine)
        let tenants = TenantController(engine: engine)
        let secrets = SecretController(engine: engine)
        let accounts = ServiceAccountController(engine: engine)
        let repos = RepoController(engine: engine)
        let audit = AuditController(engine: engine)
        let streams = StreamController(engine: engine, live: live)
        authenticated(router).group(context: AccountContext.self)
            .patch("/api/user", use: user.update)
            .get("/api/user/tokens", use: tokens.list)
            .post("/api/user/tokens", use: tokens.create)
            .delete("/api/user/tokens", use: tokens.deleteAll)
        authenticated(router)
            .get("/api/user", use: user.get)
            .get("/api/user/repos", use: user.repos)
            .get("/api/user/events", use: streams.ownEvents)
            .delete("/api/user/tokens/{id}", use: tokens.delete)
            .get("/api/tenants", use: tenants.list)
            .get("/api/tenants/{owner}", use: tenants.get)
            .patch("/api/tenants/{owner}", use: tenants.update)
            .get("/api/tenants/{owner}/usage", use: tenants.usage)
            .get("/api/tenants/{owner}/members", use: tenants.members)
            .get("/api/tenants/{owner}/members/{login}", use: tenants.member)
            .put("/api/tenants/{owner}/members/{login}", use: tenants.putMember)
            .delete("/api/tenants/{owner}/members/{login}", use: tenants.removeMember)
            .get("/api/tenants/{owner}/service-accounts", use: accounts.list)
            .delete("/api/tenants/{owner}/service-accounts/{account}", use: accounts.delete)
            .get("/api/tenants/{owner}/service-accounts/{account}/tokens", use: accounts.tokens)
            .post("/api/tenants/{owner}/service-accounts/{account}/tokens", use: accounts.createToken)
            .delete("/api/tenants/{owner}/service-accounts/{account}/tokens/{id}", use: accounts.deleteToken)
            .get("/api/tenants/{owner}/secrets", use: secrets.listOfTenant)
            .patch("/api/tenants/{owner}/secrets/{secret}", use: secrets.updateOfTenant)
            .delete("/api/tenants/{owner}/secrets/{secret}", use: secrets.deleteOfTenant)
        once(authenticated(router))
            .post("/api/tenants/{owner}/service-accounts", use: accounts.create)
            .post("/api/tenants/{owner}/secrets", use: secrets.createOfTenant)
            .post("/api/repos/{owner}/{name}", use: repos.activate)
        authenticated(router)
            .get("/api/audit", use: audit.list)
        agentsAndQueue(authenticated(router))
    }

    /// Those see something who administer a server or a tenant, or are a member of one.
    private func agentsAndQueue(_ router: RouterGroup<UserContext>) {
        let agents = AgentsController(engine: engine)
        router
            .get("/api/agents", use: agents.list)
            .get("/api/agents/{id}", use: agents.get)
            .patch("/api/agents/{id}", use: agents.update)
            .delete("/api/agents/{id}", use: agents.delete)
            .get("/api/queue", use: agents.queue)
    }

    /// For administrators of the server.
    private func administration(_ router: Router<AppContext>) {
        let users = UsersController(engine: engine)
        let tokens = TokenController(engine: engine)
        authenticated(router).group(context: AdminContext.self)
            .get("/api/users", use: users.list)
            .get("/api/users/{login}", use: users.get)
            .patch("/api/users/{login}", use: users.update)
            .delete("/api/users/{login}", use: users.delete)
            .post("/api/users/{login}/tokens", use: tokens.createForUser)
        once(authenticated(router).group(context: AdminContext.self))
            .post("/api/users", use: users.create)
            .post("/api/users/{login}", use: users.createNamed)
    }

    /// For those with permission on the repository: read, write or admin.
    private func repositories(_ router: Router<AppContext>) {
        let repos = RepoController(engine: engine)
        let builds = BuildController(engine: engine)
        let logs = LogController(engine: engine)
        let secrets = SecretController(engine: engine)
        let streams = StreamController(engine: engine, live: live)
        let deliveries = DeliveryController(engine: engine)
        router.group().add(middleware: RefuseInOrder(store: engine.store)).group(context: ReadContext.self)
            .get("/api/repos/{owner}/{name}/builds", use: builds.list)
            .get("/api/repos/{owner}/{name}/builds/latest", use: builds.latest)
            .get("/api/repos/{owner}/{name}/builds/{number}", use: builds.get)
            .get("/api/repos/{owner}/{name}/logs/{number}/{job}", use: logs.get)
            .get("/api/stream/{owner}/{name}", use: streams.events)
            .get("/api/stream/{owner}/{name}/{build}/{job}", use: streams.tail)
        permitted(router)
            .get("/api/repos/{owner}/{name}", use: repos.get)
            .get("/api/repos/{owner}/{name}/key", use: repos.key)
        permitted(router).group(context: PushContext.self)
            .patch("/api/repos/{owner}/{name}", use: repos.update)
            .get("/api/repos/{owner}/{name}/secrets", use: secrets.list)
            .patch("/api/repos/{owner}/{name}/secrets/{secret}", use: secrets.update)
            .delete("/api/repos/{owner}/{name}/secrets/{secret}", use: secrets.delete)
            .get("/api/repos/{owner}/{name}/deliveries", use: deliveries.list)
            .post("/api/repos/{owner}/{name}/deliveries/{id}/redeliver", use: deliveries.redeliver)
            .post("/api/repos/{owner}/{name}/builds/{number}/approve", use: builds.approve)
            .post("/api/repos/{owner}/{name}/builds/{number}/decline", use: builds.decline)
            .delete("/api/repos/{owner}/{name}/builds/{number}/{job}", use: logs.cancel)
            .delete("/api/repos/{owner}/{name}/logs/{number}/{job}", use: logs.cancel)
        once(permitted(router).group(context: PushContext.self))
            .post("/api/repos/{owner}/{name}/encrypt", use: repos.encrypt)
            .post("/api/repos/{owner}/{name}/secrets", use: secrets.create)
            .post("/api/repos/{owner}/{name}/builds/{number}", use: builds.restart)
        permitted(router).group(context: RepoAdminContext.self)
            .delete("/api/repos/{owner}/{name}", use: repos.delete)
        once(permitted(router).group(context: RepoAdminContext.self))
            .post("/api/repos/{owner}/{name}/key", use: repos.renewKey)
    }

    /// For agents, with tokens of their own.
    private func agents(_ router: Router<AppContext>) {
        let agents = AgentController(engine: engine)
        router.group().add(middleware: AuthenticateAgent(store: engine.store)).group(context: AgentContext.self)
            .post("/agent/v1/claim", use: agents.claim)
            .post("/agent/v1/attempts/{id}/heartbeat", use: agents.heartbeat)
            .post("/agent/v1/attempts/{id}/log", use: agents.log)
            .post("/agent/v1/attempts/{id}/steps", use: agents.step)
            .post("/agent/v1/attempts/{id}/finish", use: agents.finish)
            .post("/agent/v1/attempts/{id}/release", use: agents.release)
    }

    private func authenticated(_ router: Router<AppContext>) -> RouterGroup<UserContext> {
        router.group().add(middleware: Authenticate(store: engine.store)).group(context: UserContext.self)
    }

    /// Routes that take an `Idempotency-Key`. None whose reply holds a token: it would be kept.
    private func once<Context: KeyedContext>(_ group: RouterGroup<Context>) -> RouterGroup<Context> {
        group.add(middleware: Idempotent<Context>(store: engine.store))
    }

    private func permitted(_ router: Router<AppContext>) -> RouterGroup<RepoContext> {
        router.group().add(middleware: Permit(store: engine.store)).group(context: RepoContext.self)
    }
}
