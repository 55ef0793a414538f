/// What a file may cost, so that a few hundred bytes cannot become gigabytes.
enum YAMLLimits {
    static let bytes = 1 << 20
    static let depth = 50
    /// Scalars, lists and mappings, with each alias counted as all it stands for.
    static let nodes = 10_000
    /// Of all scalars, aliases expanded.
    static let textBytes = 1 << 20
}

/// What has been read of a file so far.
struct YAMLBudget {
    private(set) var spent = Cost()

    struct Cost {
        var nodes = 0
        var textBytes = 0

        static func - (left: Cost, right: Cost) -> Cost {
            Cost(nodes: left.nodes - right.nodes, textBytes: left.textBytes - right.textBytes)
        }
    }

    /// Throws once the file is over a limit.
    mutating func spend(_ more: Cost, at place: Place) throws(ConfigurationError) {
        spent.nodes += more.nodes
        spent.textBytes += more.textBytes
        guard spent.nodes <= YAMLLimits.nodes, spent.textBytes <= YAMLLimits.textBytes else {
            let limits = "more than \(YAMLLimits.nodes) values or 1 MiB of text"
            throw ConfigurationError(at: place, "up to here the file has \(limits), aliases expanded; shorten it")
        }
    }

    func check(depth: Int, at place: Place) throws(ConfigurationError) {
        guard depth <= YAMLLimits.depth else {
            throw ConfigurationError(at: place, "this is nested more than \(YAMLLimits.depth) levels deep; nest less")
        }
    }
}
