import Core

/// A step's `when`: one condition, or a list of which one must hold.
struct Conditions: Sendable {
    private let alternatives: [Condition]

    /// - Parameter excluded: events that never count.
    init(
        _ value: YAMLValue?, _ table: KeyTable = .condition, leavingOut excluded: Set<Event> = []
    ) throws(ConfigurationError) {
        guard let value, case .list(let items) = value.content else {
            alternatives = [try Condition(value, table, leavingOut: excluded)]
            return
        }
        guard !items.isEmpty else {
            throw ConfigurationError(at: value.place, "\"when\" is an empty list; add a condition, or remove it")
        }
        alternatives = try items.map { item throws(ConfigurationError) in
            try Condition(item, table, leavingOut: excluded)
        }
    }

    /// What the steps before must have come to, by all conditions that hold. nil: the step is not part of the job.
    func outcomes(for cell: Variables, in context: PlanContext) -> Set<StepPlan.Outcome>? {
        let holding = alternatives.filter { $0.holds(for: cell, in: context) }
        return holding.isEmpty ? nil : holding.reduce(into: []) { $0.formUnion($1.outcomes) }
    }

    var isForFailuresOnly: Bool { alternatives.allSatisfy { $0.outcomes == [.failure] } }

    var looksAtPaths: Bool { alternatives.contains { $0.path != nil } }
}
