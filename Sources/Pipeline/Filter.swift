/// Globs to include and to exclude: a text passes if no exclude fits it, and an include does or there is none.
struct Filter: Sendable {
    private var include: [Glob] = []
    private var exclude: [Glob] = []

    static let everything = Filter()

    /// Reads a glob, a list of globs (`!` before one excludes it), or `{include, exclude}` of those.
    init(_ value: YAMLValue, _ what: String) throws(ConfigurationError) {
        guard case .mapping = value.content else {
            try add(value, what)
            return
        }
        let section = try Section(value, .filter)
        guard section["include"] != nil || section["exclude"] != nil else {
            throw ConfigurationError(at: value.place, "\(what) is empty; write include or exclude, or remove it")
        }
        try read(section, what)
    }

    /// Reads `include` and `exclude`, if they are there.
    init(_ section: Section, _ what: String) throws(ConfigurationError) {
        try read(section, what)
    }

    private mutating func read(_ section: Section, _ what: String) throws(ConfigurationError) {
        if let entry = section["include"] { try add(entry.value, what) }
        if let entry = section["exclude"] { exclude += try Self.items(entry.value, what).map(Self.glob) }
    }

    private init() {}

    func matches(_ text: String) -> Bool {
        !exclude.contains { $0.matches(text) } && (include.isEmpty || include.contains { $0.matches(text) })
    }

    private mutating func add(_ value: YAMLValue, _ what: String) throws(ConfigurationError) {
        for (text, place) in try Self.items(value, what) {
            if text.hasPrefix("!") {
                exclude.append(try Self.glob(String(text.dropFirst()), place))
            } else {
                include.append(try Self.glob(text, place))
            }
        }
    }

    /// The texts of a value that is one or a list of them, at least one.
    static func items(_ value: YAMLValue, _ what: String) throws(ConfigurationError) -> [(String, Place)] {
        let items = try value.items(what)
        guard !items.isEmpty else {
            throw ConfigurationError(at: value.place, "\(what) is an empty list; add to it, or remove it")
        }
        return try items.map { item throws(ConfigurationError) in (try item.text("an item of \(what)"), item.place) }
    }

    private static func glob(_ text: String, _ place: Place) throws(ConfigurationError) -> Glob {
        guard let glob = Glob(text) else {
            throw ConfigurationError(
                at: place,
                "\(quoted(text)) is no pattern; close its [ ] and write no empty one, at most 1000 characters")
        }
        return glob
    }
}
