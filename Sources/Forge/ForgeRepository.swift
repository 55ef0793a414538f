/// A repository as its forge describes it.
package struct ForgeRepository: Sendable, Hashable {
    package var owner: String
    package var name: String
    /// The forge's own id of the repository, as text; for plain git its path.
    package var forgeRepoID: String
    /// The forge's own id of the tenant that owns it, as text; for plain git the owner's first part.
    package var forgeTenantID: String
    /// Where an agent clones it from.
    package var cloneURL: String
    /// A page to look at; empty where there is none.
    package var linkURL: String
    /// A branch name without `refs/heads/`. The branch need not exist yet.
    package var defaultBranch: String
    package var isPrivate: Bool
    /// Empty where there is none.
    package var avatarURL: String

    package init(
        owner: String, name: String, forgeRepoID: String, forgeTenantID: String, cloneURL: String, linkURL: String,
        defaultBranch: String, isPrivate: Bool, avatarURL: String
    ) {
        self.owner = owner
        self.name = name
        self.forgeRepoID = forgeRepoID
        self.forgeTenantID = forgeTenantID
        self.cloneURL = cloneURL
        self.linkURL = linkURL
        self.defaultBranch = defaultBranch
        self.isPrivate = isPrivate
        self.avatarURL = avatarURL
    }
}
