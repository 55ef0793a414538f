import Yams

/// Turns the nodes of Yams into values, resolves aliases and merge keys, and counts what that costs.
struct YAMLConverter {
    private let star: HiddenStar
    private var anchors: [String: Anchored] = [:]
    private var budget = YAMLBudget()

    private struct Anchored {
        var value: YAMLValue
        var height: Int
        var cost: YAMLBudget.Cost
    }

    private typealias Measured = (value: YAMLValue, height: Int)

    init(star: HiddenStar) {
        self.star = star
    }

    mutating func convert(_ root: Node?) throws(ConfigurationError) -> YAMLValue {
        guard let root else { return YAMLValue(place: .start, content: .null) }
        return try value(of: root, depth: 1).value
    }

    private mutating func value(of node: Node, depth: Int) throws(ConfigurationError) -> Measured {
        let place = Place(node.mark)
        if let alias = try star.alias(node) { return try expand(alias, at: place, depth: depth) }
        let before = budget.spent
        try checkTag(of: node, at: place)
        try budget.check(depth: depth, at: place)
        try budget.spend(YAMLBudget.Cost(nodes: 1), at: place)
        let (content, height) = try content(of: node, at: place, depth: depth)
        let value = YAMLValue(place: place, content: content, isPlain: node.scalar?.style == .plain)
        if let name = node.anchor?.rawValue {
            anchors[name] = Anchored(value: value, height: height, cost: budget.spent - before)
        }
        return (value, height)
    }

    private mutating func content(
        of node: Node, at place: Place, depth: Int
    ) throws(ConfigurationError) -> (YAMLValue.Content, height: Int) {
        switch node {
        case .scalar(let scalar): return (try content(of: scalar, at: place), 1)
        case .sequence(let sequence):
            var values: [YAMLValue] = []
            var height = 1
            for item in sequence {
                let (value, itemHeight) = try value(of: item, depth: depth + 1)
                values.append(value)
                height = max(height, itemHeight + 1)
            }
            return (.list(values), height)
        case .mapping(let mapping): return try content(of: mapping, depth: depth)
        case .alias: throw ConfigurationError(at: place, "an alias cannot stand here; write the value out")
        }
    }

    private mutating func content(
        of scalar: Node.Scalar, at place: Place
    ) throws(ConfigurationError) -> YAMLValue.Content {
        if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
        let text = star.restore(scalar.string)
        guard !text.utf8.contains(0) else {
            throw ConfigurationError(at: place, "this text has the character NUL in it (\"\\0\"); remove it")
        }
        try budget.spend(YAMLBudget.Cost(textBytes: text.utf8.count), at: place)
        return .text(text)
    }

    private mutating func content(
        of mapping: Node.Mapping, depth: Int
    ) throws(ConfigurationError) -> (YAMLValue.Content, height: Int) {
        var merger = MappingMerger()
        var height = 1
        for pair in mapping {
            let place = Place(pair.key.mark)
            let key = try key(pair.key, at: place)
            let (value, valueHeight) = try value(of: pair.value, depth: depth + 1)
            height = max(height, valueHeight + 1)
            if key == "<<", pair.key.scalar?.style == .plain {
                try merger.merge(value)
            } else {
                try merger.add(YAMLValue.Entry(key: key, place: place, value: value))
            }
        }
        return (.mapping(merger.entries), height)
    }

    private mutating func key(_ node: Node, at place: Place) throws(ConfigurationError) -> String {
        guard node.scalar != nil, try star.alias(node) == nil,
            case .text(let text) = try value(of: node, depth: 1).value.content
        else {
            throw ConfigurationError(
                at: place, "a key must be text, written out; an alias, a list or nothing is no key")
        }
        return text
    }

    private mutating func expand(_ name: String, at place: Place, depth: Int) throws(ConfigurationError) -> Measured {
        guard let anchored = anchors[name] else {
            throw ConfigurationError(
                at: place,
                "nothing above is marked &\(name); mark it, or put \(quoted("*" + name)) in quotes if it is text")
        }
        try budget.check(depth: depth + anchored.height - 1, at: place)
        try budget.spend(anchored.cost, at: place)
        return (anchored.value, anchored.height)
    }

    private func checkTag(of node: Node, at place: Place) throws(ConfigurationError) {
        // `node.tag` would resolve it; the tag as written is asked for.
        let tag: Tag =
            switch node {
            case .scalar(let scalar): scalar.tag
            case .sequence(let sequence): sequence.tag
            case .mapping(let mapping): mapping.tag
            case .alias(let alias): alias.tag
            }
        let known = ["", "!", Tag.Name.str.rawValue, Tag.Name.seq.rawValue, Tag.Name.map.rawValue]
        guard known.contains(tag.rawValue) else {
            throw ConfigurationError(
                at: place,
                "the tag \(quoted(star.restore(tag.rawValue))) is not known; remove it, or quote the text"
            )
        }
    }
}
