import Core

/// Reads `matrix:`. `include`, if there, is used alone, as in Drone 0.4.2; else every combination of the axes, the last
/// axis changing fastest.
enum MatrixParser {
    static let maximumCells = 100
    static let maximumAxes = 50
    /// Bytes.
    static let maximumValue = 4096

    static func cells(of entry: YAMLValue.Entry?) throws(ConfigurationError) -> [MatrixCell] {
        guard let entry else { return [MatrixCell(environment: [:])] }
        let axes = try entry.value.entries("matrix")
        guard !axes.isEmpty else {
            throw ConfigurationError(at: entry.place, "the matrix is empty; give it an axis, or remove it")
        }
        if let include = axes.first(where: { $0.key == "include" }) { return try included(include) }
        return try combined(axes, at: entry.place)
    }

    private static func included(_ include: YAMLValue.Entry) throws(ConfigurationError) -> [MatrixCell] {
        let list = try include.value.list("include")
        try checkCount(list.count, at: include.place)
        return try list.map { item throws(ConfigurationError) in
            var cell = Variables()
            let entries = try item.entries("an item of include")
            try checkAxes(entries, at: item.place)
            for entry in entries { cell[entry.key] = try text(of: entry.value) }
            return MatrixCell(environment: cell)
        }
    }

    private static func combined(_ axes: [YAMLValue.Entry], at place: Place) throws(ConfigurationError) -> [MatrixCell]
    {
        try checkAxes(axes, at: place)
        var cells = [Variables()]
        for axis in axes {
            let values = try values(of: axis)
            // Each factor is at most 10,000, so the product stays far from overflow.
            try checkCount(cells.count * values.count, at: place)
            cells = cells.flatMap { cell in values.map { value in cell.merging([axis.key: value]) } }
        }
        return cells.map(MatrixCell.init(environment:))
    }

    private static func values(of axis: YAMLValue.Entry) throws(ConfigurationError) -> [String] {
        let values = try axis.value.list("the axis \(quoted(axis.key))")
        guard !values.isEmpty else {
            throw ConfigurationError(
                at: axis.place, "the axis \(quoted(axis.key)) has no values; add one, or remove it")
        }
        return try values.map(text)
    }

    private static func text(of value: YAMLValue) throws(ConfigurationError) -> String {
        let text = try value.text("a value of the matrix")
        guard text.utf8.count <= maximumValue else {
            throw ConfigurationError(
                at: value.place, "a value of the matrix has at most \(maximumValue) bytes; shorten it")
        }
        return text
    }

    private static func checkCount(_ count: Int, at place: Place) throws(ConfigurationError) {
        guard count > 0 else {
            throw ConfigurationError(at: place, "include has no items; add one, or remove it")
        }
        guard count <= maximumCells else {
            throw ConfigurationError(
                at: place,
                "the matrix makes more than \(maximumCells) jobs; shorten its axes, or list the cells under include")
        }
    }

    private static func checkAxes(_ entries: [YAMLValue.Entry], at place: Place) throws(ConfigurationError) {
        guard entries.count <= maximumAxes else {
            throw ConfigurationError(at: place, "a cell of the matrix has more than \(maximumAxes) names; use fewer")
        }
        for entry in entries { try VariableName.check(entry) }
    }
}
