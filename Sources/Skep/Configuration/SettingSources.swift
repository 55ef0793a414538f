import Foundation
import Yams

/// Where values come from, as they were written: the environment, then the file.
struct SettingSources: Sendable {
    /// One value and where it stands.
    struct Value: Sendable {
        var text: String
        /// Such as `SKEP_LISTEN` or `skep.yaml, line 3`.
        var place: String
    }

    private var environment: [String: String]
    private(set) var file: [String: Value] = [:]

    init(environment: [String: String]) {
        self.environment = environment
    }

    /// - Parameter name: the file's, for what is said of it.
    init(environment: [String: String], yaml: String, name: String) throws {
        self.environment = environment
        guard let root = try Self.root(of: yaml, name), !root.isNull else { return }
        guard let mapping = root.mapping else {
            throw SettingsError(message: "\(name) must have settings as `key: value`.")
        }
        read(mapping, below: "", name)
    }

    /// The parser's own words would repeat lines of the file, and with them secrets.
    private static func root(of yaml: String, _ name: String) throws -> Node? {
        func unreadable(_ problem: String, _ line: Int?) -> SettingsError {
            SettingsError(message: "\(name)\(line.map { ", line \($0)" } ?? "") is no YAML: \(problem).")
        }
        do {
            return try compose(yaml: yaml)
        } catch YamlError.scanner(_, let problem, let mark, _) {
            throw unreadable(problem, mark.line)
        } catch YamlError.parser(_, let problem, let mark, _) {
            throw unreadable(problem, mark.line)
        } catch YamlError.composer(_, let problem, let mark, _) {
            throw unreadable(problem, mark.line)
        } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
            let words = keys.map { "\($0)" }.sorted().joined(separator: ", ")
            throw unreadable("it has twice \(words)", context.mark.line)
        } catch {
            throw unreadable("it cannot be read", nil)
        }
    }

    /// What a name of the file or the environment is set to. nil: not there.
    func value(_ key: String) -> Value? {
        let variable = Setting.variable(key)
        return environment[variable].map { Value(text: $0, place: variable) } ?? file[key]
    }

    /// Variables whose name begins with `SKEP_`.
    var variables: [String] { environment.keys.filter { $0.hasPrefix("SKEP_") }.sorted() }

    private mutating func read(_ mapping: Node.Mapping, below: String, _ name: String) {
        for (key, node) in mapping {
            let key = below + (key.string ?? "?")
            let place = "\(name), line \(node.mark?.line ?? 0)"
            switch node {
            case .mapping(let mapping): read(mapping, below: key + ".", name)
            case .sequence(let items):
                file[key] = Value(text: items.compactMap(\.string).joined(separator: ", "), place: place)
            case .scalar(let scalar):
                // A key without a value is not set.
                if !node.isNull { file[key] = Value(text: scalar.string, place: place) }
            case .alias: break
            }
        }
    }
}

extension Node {
    fileprivate var isNull: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }
}
