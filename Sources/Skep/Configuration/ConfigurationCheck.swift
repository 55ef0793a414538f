import Foundation

/// Looks at all that was set, before any of it is used.
struct ConfigurationCheck: Sendable {
    let sources: SettingSources
    private let settings: [Setting]

    init(sources: SettingSources) {
        self.sources = sources
        settings = Setting.all(in: sources)
    }

    /// All that is wrong, a line each: the setting, where it stands and what it may be. A secret's value is in none.
    var problems: [String] { unknownInFile + unknownInEnvironment + wrongValues + setTwice }

    private var names: [String] { settings.flatMap(\.names) }

    private var unknownInFile: [String] {
        sources.file.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }.map { key, value in
            "\(key) (\(value.place)) is no setting\(Self.hint(key, among: names))."
        }
    }

    /// Only those that can have been meant: other programs' variables may begin with `SKEP_` too.
    private var unknownInEnvironment: [String] {
        let known = names.map(Setting.variable)
        let sections = Set(names.compactMap { $0.contains(".") ? $0.split(separator: ".").first : nil })
        return sources.variables.filter { !known.contains($0) && !Self.others.contains($0) }.compactMap { variable in
            let hint = Self.hint(variable, among: known)
            let isOfSection = sections.contains { variable.hasPrefix("SKEP_\($0.uppercased())_") }
            return isOfSection || !hint.isEmpty ? "\(variable) (environment) is no setting\(hint)." : nil
        }
    }

    private var wrongValues: [String] {
        settings.compactMap { setting in
            guard let value = sources.value(setting.key), let complaint = setting.complaint(about: value.text) else {
                return nil
            }
            return "\(setting.key) (\(value.place)) \(complaint); it is \"\(value.text)\"."
        }
    }

    private var setTwice: [String] {
        settings.flatMap { setting -> [String] in
            guard case .secret = setting.kind, let file = sources.value(setting.key + "_file") else { return [] }
            var problems: [String] = []
            if let value = sources.value(setting.key) {
                problems.append("\(setting.key) (\(value.place)) and \(setting.key)_file (\(file.place)) are both set.")
            }
            if !FileManager.default.isReadableFile(atPath: file.text) {
                problems.append("\(setting.key)_file (\(file.place)): \(file.text) cannot be read.")
            }
            return problems
        }
    }

    /// What is in force, as YAML with where each value comes from; secrets are left out.
    var effective: String {
        var lines: [String] = []
        var open: [Substring] = []
        for setting in settings {
            let path = setting.key.split(separator: ".")
            let sections = path.dropLast()
            let shared = zip(open, sections).prefix { $0 == $1 }.count
            for depth in shared..<sections.count { lines.append(Self.indent(depth) + "\(path[depth]):") }
            open = Array(sections)
            lines += setting.names.compactMap { name in
                line(setting, name).map {
                    "\(Self.indent(sections.count))\(name.split(separator: ".").last ?? ""): \($0)"
                }
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private func line(_ setting: Setting, _ name: String) -> String? {
        guard let value = sources.value(name) else {
            return name == setting.key ? "\(setting.standard.map(Self.quoted) ?? "null")  # default" : nil
        }
        let text = setting.isSecret && name == setting.key ? "[redacted]" : value.text
        return "\(Self.quoted(text))  # \(value.place)"
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
    }

    /// What else this program, its clients and its tests look for.
    private static let others: Set<String> = [
        "SKEP_CONFIG", "SKEP_TOKEN", "SKEP_PORT", "SKEP_POSTGRES_BIN", "SKEP_PLANT",
    ]

    private static func hint(_ name: String, among known: [String]) -> String {
        let near = known.map { (name: $0, distance: distance(name, $0)) }.min { $0.distance < $1.distance }
        guard let near, near.distance <= 2 else { return "" }
        return "; \(near.name) is one"
    }

    /// Levenshtein's.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}

extension Setting {
    /// Under what it can be set.
    var names: [String] { isSecret ? [key, key + "_file"] : [key] }

    var isSecret: Bool { if case .secret = kind { true } else { false } }
}
