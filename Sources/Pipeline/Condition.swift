import Core

/// One condition of a step's `when`: all that is written must hold.
struct Condition: Sendable {
    private var filters: [(subject: Subject, filter: Filter)] = []
    private var events: Set<Event> = Set(Event.allCases)
    private(set) var outcomes: Set<StepPlan.Outcome> = [.success]
    private(set) var path: PathCondition?

    private enum Subject: Sendable {
        case branch, ref, repo, target, instance
        case cell(String)
    }

    /// - Parameter excluded: events that never count.
    init(
        _ value: YAMLValue?, _ table: KeyTable, leavingOut excluded: Set<Event>
    ) throws(ConfigurationError) {
        if table.title == KeyTable.notifyCondition.title { outcomes = [.success, .failure] }
        events.subtract(excluded)
        guard let value else { return }
        let section = try Section(value, table)
        for (key, subject) in Self.subjects {
            if let entry = section[key] { filters.append((subject, try Filter(entry.value, key))) }
        }
        if let entry = section["matrix"] { try addCell(entry.value) }
        if let entry = section["event"] { events = try Self.events(entry.value, leavingOut: excluded) }
        path = try section["path"].map { entry throws(ConfigurationError) in try PathCondition(entry.value) }
        if let entry = section["status"] { outcomes = try Self.outcomes(entry.value) }
        try readFlags(section, at: value.place)
    }

    /// Whether it holds for the job, `status` aside.
    func holds(for cell: Variables, in context: PlanContext) -> Bool {
        events.contains(context.build.event)
            && filters.allSatisfy { subject, filter in filter.matches(Self.text(of: subject, cell, context)) }
            && path?.holds(in: context) != false
    }

    private static let subjects: [(String, Subject)] = [
        ("branch", .branch), ("ref", .ref), ("repo", .repo), ("environment", .target), ("target", .target),
        ("instance", .instance),
    ]

    private static func text(of subject: Subject, _ cell: Variables, _ context: PlanContext) -> String {
        switch subject {
        case .branch: context.build.change.branch
        case .ref: context.build.change.ref
        case .repo: context.repo.fullName
        case .target: context.build.deployTo
        case .instance: context.instance
        case .cell(let name): cell[name] ?? ""
        }
    }

    private mutating func addCell(_ value: YAMLValue) throws(ConfigurationError) {
        for entry in try value.entries("matrix") {
            filters.append((.cell(entry.key), try Filter(entry.value, quoted(entry.key))))
        }
    }

    private static func events(
        _ value: YAMLValue, leavingOut excluded: Set<Event>
    ) throws(ConfigurationError) -> Set<Event> {
        let known: [Event] = [.push, .pullRequest, .tag, .deployment]
        let events = try chosen(value, "event", from: known).subtracting(excluded)
        guard !events.isEmpty else {
            throw ConfigurationError(
                at: value.place, "publish and deploy do not run for pull requests, so this never runs; remove it")
        }
        return events
    }

    /// `success` and `failure` of Drone 0.4: with one of them there, what is not said is not meant.
    private mutating func readFlags(_ section: Section, at place: Place) throws(ConfigurationError) {
        let flags: [(String, StepPlan.Outcome)] = [("success", .success), ("failure", .failure)]
        guard flags.contains(where: { section[$0.0] != nil }) else { return }
        outcomes = []
        for (key, outcome) in flags {
            try section.check(key, isOneOf: ["true", "false"])
            if try section[key]?.value.text(key) == "true" { outcomes.insert(outcome) }
        }
        guard !outcomes.isEmpty else {
            throw ConfigurationError(
                at: place, "neither success nor failure is true, so the plugin never runs; remove it")
        }
    }

    private static func outcomes(_ value: YAMLValue) throws(ConfigurationError) -> Set<StepPlan.Outcome> {
        try chosen(value, "status", from: [.success, .failure])
    }

    /// The words of one, a list, or `{include, exclude}`; each has to be one of a few.
    private static func chosen<Word: RawRepresentable<String> & Hashable>(
        _ value: YAMLValue, _ what: String, from words: [Word]
    ) throws(ConfigurationError) -> Set<Word> {
        guard case .mapping = value.content else { return try named(value, what, words) }
        let section = try Section(value, .filter)
        let included = try section["include"].map { entry throws(ConfigurationError) in
            try named(entry.value, what, words)
        }
        let excluded = try section["exclude"].map { entry throws(ConfigurationError) in
            try named(entry.value, what, words)
        }
        let chosen = (included ?? Set(words)).subtracting(excluded ?? [])
        guard !chosen.isEmpty else {
            throw ConfigurationError(
                at: value.place, "\(what) leaves nothing over, so the step never runs; remove it or the step")
        }
        return chosen
    }

    private static func named<Word: RawRepresentable<String> & Hashable>(
        _ value: YAMLValue, _ what: String, _ words: [Word]
    ) throws(ConfigurationError) -> Set<Word> {
        Set(
            try Filter.items(value, what).map { text, place throws(ConfigurationError) in
                guard let word = words.first(where: { $0.rawValue == text }) else {
                    let known = words.map(\.rawValue).joined(separator: ", ")
                    throw ConfigurationError(at: place, "\(quoted(text)) is no \(what) of Skep; write one of \(known)")
                }
                return word
            })
    }
}
