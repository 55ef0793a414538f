/// The keys one kind of mapping may have in a `.drone.yml`, and what becomes of each. docs/pipelines.md lists the same.
struct KeyTable: Sendable {
    /// What a message calls the mapping.
    let title: String
    let rules: [String: Rule]

    enum Rule: Sendable, Hashable {
        /// Does what docs/pipelines.md says.
        case read
        /// May stand there and changes nothing.
        case accepted
        /// An error, with what to do instead.
        case refused(String)
    }

    init(_ title: String, read: [String], accepted: [String] = [], refused: [(keys: [String], advice: String)]) {
        self.title = title
        let refusals = refused.flatMap { group in group.keys.map { ($0, Rule.refused(group.advice)) } }
        rules = Dictionary(
            uniqueKeysWithValues: read.map { ($0, .read) } + accepted.map { ($0, .accepted) } + refusals)
    }

    /// The keys one may write, for a message.
    var known: String {
        rules.keys.filter { rules[$0] == .read }.sorted().joined(separator: ", ")
    }
}

extension KeyTable {
    static let file = KeyTable(
        "the file",
        read: [
            "branches", "build", "clone", "compose", "concurrency", "deploy", "kind", "labels", "matrix", "notify",
            "pipeline", "platform", "publish", "services", "skip_clone", "steps", "type",
        ],
        accepted: ["debug", "name", "variables", "version"],
        refused: [
            (["git"], "write `clone: {depth: …, recursive: …, tags: …}`"),
            (["cache"], "caches are not supported yet; remove it"),
            (["workspace"], "the workspace cannot be chosen; remove it and use $CI_WORKSPACE"),
            (["volumes", "networks"], "containers' settings are not supported yet; remove it"),
            (["secrets"], "write `secrets:` in each step that needs them"),
            (["image_pull_secrets"], "registries' credentials are not supported yet; remove it"),
            (["depends_on", "runs_on"], "a file is one pipeline whose steps run in order; remove it"),
            (["trigger", "when"], "conditions of the whole file are `branches:`; others go under a step's `when:`"),
            (["environment"], "write `environment:` in each step; an anchor (&name) and << share one"),
            (["node"], "not supported yet; use `labels:` to choose agents, or remove it"),
        ])

    static let step = KeyTable(
        "a step",
        read: [
            "commands", "depends_on", "environment", "failure", "group", "image", "name", "privileged", "pull",
            "secrets",
            "settings", "when",
        ],
        refused: [
            (["ignore_failure"], "write `failure: ignore`"),
            (["detach"], "not supported yet; start it in the background of a command"),
            (["plugin", "vargs"], "write the plugin's `image:` and `settings:`"),
            (["directory", "working_dir"], "steps start in the checked-out folder; begin the commands with `cd`"),
        ] + containers)

    /// One of `publish`, `deploy` and `notify`. Every other key is a setting.
    static let plugin = KeyTable(
        "a plugin", read: ["environment", "image", "privileged", "pull", "when"], refused: containers)

    private static let containers: [(keys: [String], advice: String)] = [
        (
            ["entrypoint", "command"],
            "steps run their `commands:` with /bin/sh, plugins what their image says; remove it"
        ),
        (
            [
                "auth_config", "backend_options", "cap_add", "cpu_quota", "cpu_set", "cpu_shares", "devices", "dns",
                "dns_search", "extra_hosts", "mem_limit", "mem_swappiness", "memswap_limit", "net", "network_mode",
                "networks", "ports", "resources", "shm_size", "tmpfs", "user", "volumes",
            ], "containers' settings are not supported yet; remove it"
        ),
    ]

    static let service = KeyTable(
        "a service",
        read: ["command", "commands", "entrypoint", "environment", "image", "name", "privileged", "pull", "secrets"],
        accepted: ["expose", "ports"],
        refused: [
            (["when"], "services run in every job of the matrix; remove it"),
            (["detach"], "services always run beside the steps; remove it"),
            (["volumes", "tmpfs"], "services have no files but their image's; remove it"),
            (
                ["networks", "network_mode", "net", "links"],
                "the containers of a job find each other by name; remove it"
            ),
            (["healthcheck", "depends_on"], "let the steps wait until the service answers; remove it"),
            (
                [
                    "auth_config", "backend_options", "cap_add", "cpu_quota", "cpu_set", "cpu_shares", "devices", "dns",
                    "dns_search", "extra_hosts", "mem_limit", "mem_swappiness", "memswap_limit", "resources",
                    "shm_size", "user", "working_dir",
                ], "containers' settings are not supported yet; remove it"
            ),
        ])

    static let condition = KeyTable(
        "when",
        read: ["branch", "environment", "event", "instance", "matrix", "path", "ref", "repo", "status", "target"],
        refused: [
            (["success", "failure"], "write `status: [success, failure]`"),
            (["change"], "not supported; use `status:`"),
            (["evaluate", "cron", "action"], "not supported; remove it"),
            (["local"], "Skep has no local runs; remove it"),
            (["platform"], "which agent a job gets is not known before; write `platform:` for the whole file"),
            (["tag"], "write `ref: refs/tags/…`"),
        ])

    static let concurrency = KeyTable("concurrency", read: ["group", "limit"], refused: [])

    /// Of `publish` and `deploy`.
    static let pluginCondition = KeyTable(
        "when of a plugin",
        read: ["branch", "environment", "event", "instance", "matrix", "path", "ref", "repo", "target"],
        refused: [
            (["success", "failure", "status"], "publish and deploy run when all before them succeeded; remove it"),
            (["change"], "not supported; remove it"),
        ])

    /// Of `notify`.
    static let notifyCondition = KeyTable(
        "when of a notification",
        read: [
            "branch", "environment", "event", "failure", "instance", "matrix", "path", "ref", "repo", "success",
            "target",
        ],
        refused: [
            (["status"], "write `success: true` or `failure: true`"),
            (["change"], "not supported; use `success:` and `failure:`"),
        ])

    static let secret = KeyTable("a secret", read: ["source", "target"], refused: [])

    static let secretValue = KeyTable("a value of environment", read: ["from_secret", "secure"], refused: [])

    static let filter = KeyTable("a filter", read: ["exclude", "include"], refused: [])

    static let path = KeyTable(
        "path", read: ["exclude", "ignore_message", "include", "on_empty"], refused: [])

    static let clone = KeyTable(
        "clone", read: ["depth", "disable", "recursive", "tags"],
        refused: [
            (["path"], "the workspace cannot be chosen; remove it and use $CI_WORKSPACE"),
            (["skip_verify", "custom_ssl_path", "custom_ssl_url"], "certificates are the agent's business; remove it"),
            (["image"], "the agent clones by itself; name it under the step of the clone, as `git: {image: …}`"),
            (
                ["submodule_override", "submodule_update_remote", "submodule_partial", "lfs", "partial", "sha", "ref"],
                "not supported; remove it, or do it in the commands of the first step"
            ),
            (["trusted"], "not supported; remove it"),
        ])

    /// The clone as a step, in the later dialects.
    static let cloneStep = KeyTable(
        "the clone's step", read: ["depth", "image", "name", "recursive", "settings", "tags"], accepted: ["pull"],
        refused: [
            (["commands"], "the agent clones by itself; write `skip_clone: true` and a first step with these commands"),
            (["when", "environment", "secrets"], "not supported for the clone; remove it"),
        ])

    static let platform = KeyTable(
        "platform", read: ["arch", "os"],
        refused: [(["variant", "version"], "agents are chosen by os and arch only; remove it, or use `labels:`")])
}
