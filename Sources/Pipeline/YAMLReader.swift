import Yams

/// From bytes to values.
enum YAMLReader {
    static func read(_ bytes: [UInt8]) throws(ConfigurationError) -> YAMLValue {
        let text = try SourceText.checked(bytes)
        guard let star = HiddenStar(for: text) else {
            throw ConfigurationError(at: .start, "the file uses every private character of Unicode; remove some")
        }
        do {
            let parser = try Parser(yaml: star.hide(text), resolver: .basic, encoding: .utf8)
            let root = try parser.singleRoot()
            // A node holds its anchor weakly; the parser owns it.
            return try withExtendedLifetime(parser) {
                var converter = YAMLConverter(star: star)
                return try converter.convert(root)
            }
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw explained(error, star)
        }
    }

    private static func explained(_ error: any Error, _ star: HiddenStar) -> ConfigurationError {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let during = context.map { " \($0.text)" } ?? ""
            return ConfigurationError(at: Place(mark), "this is not YAML: \(problem)\(during); \(advice(problem))")
        case .duplicatedKeysInMapping(let keys, let context):
            let key = quoted(star.restore(keys.first ?? ""))
            return ConfigurationError(at: Place(context.mark), "the key \(key) is written again below; keep one")
        default:
            return ConfigurationError(at: .start, "this is not YAML that Skep can read: \(error)")
        }
    }

    private static func advice(_ problem: String) -> String {
        switch problem {
        case let text where text.contains("cannot start any token") || text.contains("tab character"):
            "indent with spaces, not tabs, and put text that begins with @, ` or % in quotes"
        case let text where text.contains("mapping values are not allowed"):
            "put text that has \": \" in it in quotes, and look at the indentation"
        case let text where text.contains("another document"): "keep one document and remove the `---`"
        case let text where text.contains("nesting"): "nest less deeply"
        default: "look at the quotes, brackets and indentation here"
        }
    }
}

extension Place {
    init(_ mark: Mark?) {
        self = mark.map { Place(line: $0.line, column: $0.column) } ?? .start
    }
}
