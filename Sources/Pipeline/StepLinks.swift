/// Numbers the waits of one job's steps, while the plan is made of them in order.
///
/// A step that is left out hands on what it waits for, so that those behind it keep their place.
struct StepLinks {
    private let isGraph: Bool
    /// In a graph, by name: what somebody waits for who waits for that step.
    private var targets: [String: Set<Int>] = [:]
    /// Otherwise: the steps that run at the same time as the next one of their group would.
    private var stage: [Int] = []
    private var group: String?
    private var earlierStage: [Int] = []

    init(_ steps: [StepDefinition]) {
        isGraph = StepOrder.isGraph(steps)
    }

    /// Takes a step into the job, and answers the numbers of the steps it waits for.
    mutating func add(_ step: StepDefinition, number: Int) -> [Int] {
        guard isGraph else { return append(number, to: step.group?.text) }
        targets[step.name] = [number]
        return waits(of: step).sorted()
    }

    mutating func leaveOut(_ step: StepDefinition) {
        if isGraph { targets[step.name] = waits(of: step) }
    }

    private func waits(of step: StepDefinition) -> Set<Int> {
        (step.dependsOn ?? []).reduce(into: []) { $0.formUnion(targets[$1.text] ?? []) }
    }

    private mutating func append(_ number: Int, to group: String?) -> [Int] {
        if group == nil || group != self.group {
            earlierStage = stage
            stage = []
        }
        self.group = group
        stage.append(number)
        return earlierStage
    }
}
