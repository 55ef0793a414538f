import Foundation
import Synchronization

extension FakeForge {
    func answer(_ question: FakeQuestion) -> FakeAnswer {
        kind == .gitlab ? gitLab(question) : shared(question)
    }

    private static var missing: FakeAnswer { .json(404, ["message": "Not Found"]) }

    // GitHub and Gitea ------------------------------------------------------------------------------------------

    private func shared(_ question: FakeQuestion) -> FakeAnswer {
        let parts = question.parts
        if parts == ["user", "repos"] {
            let all = state.withLock { $0.repositories }.sorted { $0.key < $1.key }
            let size = Int(question.query["per_page"] ?? question.query["limit"] ?? "") ?? 30
            let page = Int(question.query["page"] ?? "") ?? 1
            return .json(
                200, all.dropFirst((page - 1) * size).prefix(size).map { shared($0.key, $0.value, admin: true) })
        }
        guard parts.count >= 3, parts[0] == "repos" else { return Self.missing }
        let path = "\(parts[1])/\(parts[2])"
        if let now = state.withLock({ $0.renamed[path] }) {
            return .moved("\(api)/repos/\(now)" + parts.dropFirst(3).map { "/\($0)" }.joined())
        }
        guard let repository = state.withLock({ $0.repositories[path] }) else { return Self.missing }
        let rest = Array(parts.dropFirst(3))
        switch (question.method, rest.first, rest.count) {
        case ("GET", nil, _): return .json(200, shared(path, repository, admin: true))
        case (_, "hooks", _): return hooks(question, path, repository, Array(rest.dropFirst()))
        case ("GET", "contents", 2), ("GET", "raw", 2):
            return file(repository, question.query["ref"], rest[1])
        case ("GET", "commits", 2): return commit(repository, rest[1])
        case ("GET", "git", 3) where rest[1] == "commits": return commit(repository, rest[2])
        case ("GET", "compare", 2):
            let ends = rest[1].components(separatedBy: "...")
            guard let commit = repository.commits[ends[1]], repository.commits[ends[0]] != nil else {
                return Self.missing
            }
            let files = commit.changed.map { ["filename": $0] }
            return .json(200, kind == .github ? ["files": files] : ["commits": [["files": files]]])
        case ("GET", "collaborators", 3):
            guard let level = repository.levels[rest[1]] else { return Self.missing }
            return .json(200, ["permission": level])
        case ("POST", "statuses", 2): return status(question, repository, commit: rest[1], name: "context")
        case ("POST", "deployments", 3):
            note("deployment \(rest[1]) \(question.body["state"] ?? "")")
            return .json(201, [:])
        default: return Self.missing
        }
    }

    private func shared(_ path: String, _ repository: Repository, admin: Bool) -> [String: Any] {
        let names = path.split(separator: "/").map(String.init)
        return [
            "id": repository.id, "name": names[1], "full_name": path, "private": repository.isPrivate,
            "owner": ["id": repository.ownerID, "login": names[0], "avatar_url": "\(url)/avatar"],
            "html_url": "\(url)/\(path)", "clone_url": "\(url)/\(path).git", "default_branch": "trunk",
            "permissions": ["admin": admin, "push": true, "pull": true],
        ]
    }

    private func commit(_ repository: Repository, _ id: String) -> FakeAnswer {
        guard let commit = repository.commits[id] else {
            return .json(kind == .github ? 422 : 404, ["message": "No commit found for SHA: \(id)"])
        }
        let person = ["name": "Ada", "email": "ada@example.com", "date": "2024-05-06T07:08:09Z"]
        return .json(200, ["sha": id, "commit": ["message": commit.message, "author": person, "committer": person]])
    }

    private func file(_ repository: Repository, _ commit: String?, _ name: String) -> FakeAnswer {
        guard let text = commit.flatMap({ repository.commits[$0]?.files[name] }) else { return Self.missing }
        return .file(text)
    }

    private func hooks(_ question: FakeQuestion, _ path: String, _ repository: Repository, _ rest: [String])
        -> FakeAnswer
    {
        let config = question.body["config"] as? [String: String] ?? [:]
        let target = kind == .gitlab ? question.body["url"] as? String : config["url"]
        let secret = kind == .gitlab ? question.body["token"] as? String : config["secret"]
        switch (question.method, rest.first.flatMap { Int($0) }) {
        case ("GET", nil):
            return .json(
                200,
                repository.hooks.sorted { $0.key < $1.key }.map { id, hook -> [String: Any] in
                    kind == .gitlab ? ["id": id, "url": hook.url] : ["id": id, "config": ["url": hook.url]]
                })
        case ("POST", nil):
            let id = state.withLock { state in
                state.lastHook += 1
                state.repositories[path]?.hooks[state.lastHook] = (target ?? "", secret ?? "")
                return state.lastHook
            }
            return .json(201, ["id": id])
        case ("PATCH", let id?), ("PUT", let id?):
            guard repository.hooks[id] != nil else { return Self.missing }
            state.withLock { $0.repositories[path]?.hooks[id] = (target ?? "", secret ?? "") }
            return .json(200, ["id": id])
        case ("DELETE", let id?):
            state.withLock { $0.repositories[path]?.hooks[id] = nil }
            return .json(204, [:])
        default: return Self.missing
        }
    }

    private func status(_ question: FakeQuestion, _ repository: Repository, commit: String, name: String) -> FakeAnswer
    {
        guard repository.commits[commit] != nil else { return Self.missing }
        let fields = [name, "state", "target_url"].map { "\(question.body[$0] ?? "-")" }
        note(([commit] + fields).joined(separator: " "))
        return .json(201, [:])
    }

    private func note(_ status: String) { state.withLock { $0.statuses.append(status) } }

    // GitLab ----------------------------------------------------------------------------------------------------

    private func gitLab(_ question: FakeQuestion) -> FakeAnswer {
        let parts = question.parts
        let repositories = state.withLock { $0.repositories }
        if parts == ["projects"] {
            let all = repositories.sorted { $0.key < $1.key }
            let size = Int(question.query["per_page"] ?? "") ?? 20
            let page = Int(question.query["page"] ?? "") ?? 1
            return .json(200, all.dropFirst((page - 1) * size).prefix(size).map { project($0.key, $0.value) })
        }
        if parts == ["users"] {
            let name = question.query["username"] ?? ""
            let isKnown = repositories.values.contains { $0.levels[name] != nil }
            return .json(200, isKnown ? [["id": 11, "username": name]] : [])
        }
        if parts.count == 2, parts[0] == "groups" {
            guard let repository = repositories.first(where: { $0.key.hasPrefix("\(parts[1])/") })?.value else {
                return Self.missing
            }
            return .json(200, ["id": repository.ownerID])
        }
        guard parts.count >= 2, parts[0] == "projects" else { return Self.missing }
        if let now = state.withLock({ $0.renamed[parts[1]] }) {
            return .moved("\(api)/projects/\(now.replacing("/", with: "%2F"))")
        }
        guard let repository = repositories[parts[1]] else { return Self.missing }
        let rest = Array(parts.dropFirst(2))
        switch (question.method, rest.first, rest.count) {
        case ("GET", nil, _): return .json(200, project(parts[1], repository))
        case (_, "hooks", _): return hooks(question, parts[1], repository, Array(rest.dropFirst()))
        case ("GET", "repository", 4) where rest[1] == "files": return file(repository, question.query["ref"], rest[2])
        case ("GET", "repository", 3) where rest[1] == "commits":
            guard let commit = repository.commits[rest[2]] else { return Self.missing }
            return .json(
                200,
                [
                    "id": rest[2], "message": commit.message, "author_name": "Ada", "author_email": "ada@example.com",
                    "committed_date": "2024-05-06T07:08:09.000+00:00",
                ])
        case ("GET", "repository", 2) where rest[1] == "compare":
            guard let commit = question.query["to"].flatMap({ repository.commits[$0] }) else { return Self.missing }
            return .json(200, ["diffs": commit.changed.map { ["old_path": $0, "new_path": $0] }])
        case ("GET", "members", 3):
            let levels = ["read": 20, "write": 30, "admin": 40]
            guard let level = repository.levels.values.first.flatMap({ levels[$0] }) else { return Self.missing }
            return .json(200, ["access_level": level])
        case ("POST", "statuses", 2): return status(question, repository, commit: rest[1], name: "name")
        default: return Self.missing
        }
    }

    private func project(_ path: String, _ repository: Repository) -> [String: Any] {
        let parts = path.split(separator: "/").map(String.init)
        let owner = parts.dropLast().joined(separator: "/")
        return [
            "id": repository.id, "path": parts[parts.count - 1], "path_with_namespace": path,
            "namespace": ["id": owner.contains("/") ? 999 : repository.ownerID, "full_path": owner],
            "visibility": repository.isPrivate ? "private" : "public", "web_url": "\(url)/\(path)",
            "http_url_to_repo": "\(url)/\(path).git", "default_branch": "trunk", "avatar_url": NSNull(),
            "permissions": ["project_access": NSNull(), "group_access": ["access_level": 50]],
        ]
    }
}
