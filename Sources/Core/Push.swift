/// One ref that moved on the forge.
package struct RefChange: Sendable, Hashable, Codable {
    /// Such as `refs/heads/main` or `refs/tags/v1`.
    package var ref: String
    /// nil: the ref is new.
    package var before: String?
    /// nil: the ref was deleted.
    package var after: String?

    package init(ref: String, before: String?, after: String?) {
        self.ref = ref
        self.before = before
        self.after = after
    }

    package var branch: String? { ref.hasPrefix("refs/heads/") ? String(ref.dropFirst(11)) : nil }
    package var tag: String? { ref.hasPrefix("refs/tags/") ? String(ref.dropFirst(10)) : nil }
}
