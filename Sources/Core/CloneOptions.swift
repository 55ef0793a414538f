/// How a commit is checked out before the first step.
package struct CloneOptions: Sendable, Hashable, Codable {
    /// Nothing is checked out.
    package var isSkipped = false
    /// Commits of history to ask for; 0 for all.
    package var depth = 50
    /// With submodules.
    package var isRecursive = false
    /// With tags.
    package var hasTags = false

    package static let depths = 0...1_000_000

    package init() {}
}
