import Core
import Store

extension JSONWriter {
    mutating func tenant(_ tenant: TenantRecord, role: Level) {
        object { json in
            json.field("id", tenant.id)
            json.field("forge", tenant.forgeName)
            json.field("name", tenant.name)
            json.field("display_name", tenant.displayName)
            json.field("path", tenant.path)
            json.field("created_at", tenant.createdAt)
            json.field("role", role.rawValue)
            json.field("limits") { json in
                json.object { json in
                    json.field("repositories", tenant.maximumRepositories ?? 0)
                    json.field("timeout", tenant.maximumTimeout ?? 0)
                    json.field("running", tenant.maximumRunning ?? 0)
                }
            }
            json.field("defaults") { json in
                json.object { json in
                    json.field("timeout", tenant.defaultTimeout)
                    json.field("allow_pr", tenant.allows.pullRequests)
                    json.field("allow_push", tenant.allows.pushes)
                    json.field("allow_deploys", tenant.allows.deployments)
                    json.field("allow_tags", tenant.allows.tags)
                }
            }
        }
    }

    mutating func month(_ month: MonthOfUse) {
        object { json in
            json.field("month", month.month)
            json.field("builds", month.builds)
            json.field("job_seconds", month.jobSeconds)
            json.field("job_minutes", (month.jobSeconds + 59) / 60)
            json.field("log_bytes", month.logBytes)
        }
    }

    mutating func serviceAccount(_ user: User, role: Level) {
        object { json in
            json.field("name", user.login.split(separator: "@").first.map(String.init) ?? "")
            json.field("login", user.login)
            json.field("role", role.rawValue)
            json.field("active", user.active)
            json.field("created_at", user.createdAt)
        }
    }
}

/// The body of `PATCH /api/tenants/{owner}`.
struct TenantChangePayload: Decodable {
    struct Limits: Decodable {
        var repositories: WholeNumber?
        var timeout: WholeNumber?
        var running: WholeNumber?
    }

    struct Defaults: Decodable {
        var timeout: WholeNumber?
        var allowPR: Bool?
        var allowPush: Bool?
        var allowDeploys: Bool?
        var allowTags: Bool?

        enum CodingKeys: String, CodingKey {
            case timeout
            case allowPR = "allow_pr"
            case allowPush = "allow_push"
            case allowDeploys = "allow_deploys"
            case allowTags = "allow_tags"
        }
    }

    var displayName: String?
    var limits: Limits?
    var defaults: Defaults?

    init() {}

    enum CodingKeys: String, CodingKey {
        case limits, defaults
        case displayName = "display_name"
    }

    var change: TenantChange {
        var change = TenantChange()
        change.displayName = displayName
        change.maximumRepositories = limits?.repositories?.value
        change.maximumTimeout = limits?.timeout?.value
        change.maximumRunning = limits?.running?.value
        change.defaultTimeout = defaults?.timeout?.value
        change.allowPullRequests = defaults?.allowPR
        change.allowPushes = defaults?.allowPush
        change.allowDeployments = defaults?.allowDeploys
        change.allowTags = defaults?.allowTags
        return change
    }
}

/// The body of `POST /api/tenants/{owner}/service-accounts`.
struct ServiceAccountPayload: Decodable {
    var name: String
    var role: String
}
