package import Forge
package import Logging
package import Postgres
package import Queue
package import Store

/// What a server does, a verb a file. Any number of engines share one database.
package struct Engine: Sendable {
    package let store: Store
    package let wakeUps: WakeUps
    package let forges: Forges
    package let settings: Settings
    let queue: WorkQueue
    let logger: Logger
    let files = ParsedFiles()
    let receivedTogether: ReceivedTogether
    package let metrics = EngineMetrics()

    package init(
        database: Database, store: Store, wakeUps: WakeUps, forges: Forges, settings: Settings, logger: Logger
    ) {
        self.store = store
        self.wakeUps = wakeUps
        self.forges = forges
        self.settings = settings
        self.queue = WorkQueue(database)
        self.receivedTogether = ReceivedTogether(store)
        self.logger = logger
    }

    package struct Settings: Sendable {
        /// How this server is reached from outside, without a slash at the end.
        package var publicURL: String
        /// Seconds without a heartbeat after which a job is given to another agent.
        package var lease = 30
        /// How many started attempts of a job may lose their agent before the job ends in `error`.
        package var lossesAllowed = 1
        /// How often a silent stream of events shows that it lives, and how often it is looked at whether its reader may still see
        /// what it tells.
        package var heartbeat = Duration.seconds(15)
        package var version: String

        package init(publicURL: String, version: String) {
            self.publicURL = publicURL
            self.version = version
        }
    }
}

/// What waiters are woken for.
enum Topic {
    static let queue = "queue"
    static let intake = "intake"
    /// Something ended, or is held since now.
    static let admission = "admission"

    /// A build or a job has changed.
    static let events = "events"

    /// An attempt's log has grown or ended; only while somebody reads it along.
    static func log(ofAttempt id: Int64) -> String { "log.\(id)" }
}

extension Engine {
    /// Calls `body`, which must not block, when builds may have changed, as long as what it answers is kept. A hint.
    package func whenBuildsChange(_ body: @escaping @Sendable () -> Void) -> any Sendable {
        wakeUps.hear(Topic.events, body)
    }

    /// Calls `body`, which must not block, when an attempt's log may have grown, as long as what it answers is kept. A hint, and only
    /// given where `Store.watch` has said that somebody reads along.
    package func whenLogGrows(attemptID: Int64, _ body: @escaping @Sendable () -> Void) -> any Sendable {
        wakeUps.hear(Topic.log(ofAttempt: attemptID), body)
    }
}

/// A request that cannot be done as things are.
package enum Refusal: Error, Equatable {
    /// It was asked for in a state that does not allow it.
    case conflict(String)
    /// What was sent is wrong: the text says what to change.
    case invalid(String)
    /// A forge did not answer.
    case unavailable(String)
}

/// The configured forges.
package struct Forges: Sendable {
    package struct Entry: Sendable {
        package var id: Int64
        package var name: String
        package var kind: String
        package var isDefault: Bool
        package var client: any ForgeClient

        package init(id: Int64, name: String, kind: String, isDefault: Bool, client: any ForgeClient) {
            self.id = id
            self.name = name
            self.kind = kind
            self.isDefault = isDefault
            self.client = client
        }

        /// Where its hooks are to send what happens.
        func hookURL(_ publicURL: String) -> String { Forges.hookURL(publicURL, forge: isDefault ? nil : name) }
    }

    package let entries: [Entry]

    package init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// - Parameter forge: its name; nil for the default one.
    package static func hookURL(_ publicURL: String, forge: String?) -> String {
        forge.map { "\(publicURL)/hook?forge=\($0)" } ?? "\(publicURL)/hook"
    }

    /// The default one where `name` is nil.
    package func named(_ name: String?) -> Entry? {
        entries.first { entry in name.map { $0 == entry.name } ?? entry.isDefault }
    }

    package func with(id: Int64) throws -> Entry {
        guard let entry = entries.first(where: { $0.id == id }) else {
            throw Refusal.unavailable("The forge of this repository is not configured on this server.")
        }
        return entry
    }
}
