import Core
import Foundation
import Store
import TestSupport
import Testing

/// Requests on named secrets.
enum TenancySecretRoutes {
    static let generators: [String: TenancyGenerator] = {
        var generators: [String: TenancyGenerator] = [:]
        for base in ["/api/repos/{owner}/{name}/secrets", "/api/tenants/{owner}/secrets"] {
            let ofTenant = base.hasPrefix("/api/tenants/")
            generators["GET \(base)"] = { try list($0, ofTenant) }
            generators["POST \(base)"] = { try create($0, ofTenant) }
            generators["PATCH \(base)/{secret}"] = { try change($0, ofTenant, deletes: false) }
            generators["DELETE \(base)/{secret}"] = { try change($0, ofTenant, deletes: true) }
        }
        return generators
    }()

    private typealias Place = (place: SecretPlace, marker: String)

    private static func ask(
        _ world: TenancyWorld, _ ofTenant: Bool, _ success: Set<Int>, changes: Bool, withItem: Bool = false
    ) throws -> (TenancyAsk, Place) {
        func item(_ place: SecretPlace) -> TenancyItem { world.secret(place) }
        if ofTenant {
            let (ask, tenant) = try world.ask(
                inTenant: .admin, success, changes: changes,
                item: withItem ? { item(SecretPlace(tenantID: $0.id)) } : nil)
            return (ask, (SecretPlace(tenantID: tenant.id), tenant.marker))
        }
        let (ask, repo) = try world.ask(
            onRepo: .write, success, changes: changes,
            item: withItem ? { item(SecretPlace(tenantID: $0.tenantID, repoID: $0.id)) } : nil)
        return (ask, (SecretPlace(tenantID: repo.tenantID, repoID: repo.id), repo.marker))
    }

    private static func list(_ world: TenancyWorld, _ ofTenant: Bool) throws -> TenancyAsk {
        var (ask, (place, _)) = try ask(world, ofTenant, [200], changes: false)
        let names = world.model.secrets[place] ?? []
        ask.after = { _, reply in
            try check(Set(try reply.array().compactMap { $0["name"] as? String }) == names)
        }
        return ask
    }

    private static func create(_ world: TenancyWorld, _ ofTenant: Bool) throws -> TenancyAsk {
        var (ask, (place, marker)) = try ask(world, ofTenant, [201], changes: true)
        let isKnown = world.dice.once(in: 4)
        let known = isKnown ? world.dice.pick((world.model.secrets[place] ?? []).sorted()) : nil
        let name = known ?? "NEW_\(world.dice.marker())"
        ask.json = #"{"name":"\#(name)","value":"value-\#(marker)"}"#
        if ask.isAllowed, known != nil {
            ask.expected = [409]
            ask.touched = []
        }
        ask.after = { world, _ in world.model.secrets[place, default: []].insert(name) }
        return ask
    }

    private static func change(_ world: TenancyWorld, _ ofTenant: Bool, deletes: Bool) throws -> TenancyAsk {
        var (ask, (place, marker)) = try ask(world, ofTenant, [deletes ? 204 : 200], changes: true, withItem: true)
        let name = ask.values["secret"] ?? ""
        if deletes {
            ask.after = { world, _ in world.model.secrets[place]?.remove(name) }
        } else {
            ask.json = #"{"value":"value-\#(marker)-again"}"#
        }
        return ask
    }
}

extension TenancyWorld {
    /// A secret of the place, or the name of one that is elsewhere.
    func secret(_ place: SecretPlace) -> TenancyItem {
        let here = model.secrets[place] ?? []
        let all = Set(model.secrets.values.joined())
        let name = dice.pick((dice.once(in: 2) ? here : all).sorted()) ?? dice.absent(like: "SECRET")
        return TenancyItem(
            parameter: "secret", name: name, isThere: here.contains(name), absent: dice.absent(like: name))
    }
}
