/// Writes the text format of Prometheus, version 0.0.4: each family once, with its help and type before its samples.
package struct Exposition: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge
    }

    package typealias Labels = KeyValuePairs<String, String>

    /// The media type of `text`.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var text = ""

    package init() {}

    package mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
        family(name, .gauge, help, [([:], Double(value))])
    }

    package mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        family(name, .gauge, help, [([:], value)])
    }

    package mutating func counter(_ name: String, _ help: String, _ value: some BinaryInteger) {
        family(name, .counter, help, [([:], Double(value))])
    }

    package mutating func family(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: Labels, value: Double)]
    ) {
        head(name, kind.rawValue, help)
        for sample in samples { line(name, Array(sample.labels), sample.value) }
    }

    package mutating func histogram(
        _ name: String, _ help: String, _ series: [(labels: Labels, snapshot: Histogram.Snapshot)]
    ) {
        head(name, "histogram", help)
        for (labels, snapshot) in series {
            let labels = Array(labels)
            for (bound, count) in snapshot.cumulative {
                line("\(name)_bucket", labels + [("le", Self.number(bound))], Double(count))
            }
            line("\(name)_bucket", labels + [("le", "+Inf")], Double(snapshot.count))
            line("\(name)_sum", labels, snapshot.sum)
            line("\(name)_count", labels, Double(snapshot.count))
        }
    }

    private mutating func head(_ name: String, _ type: String, _ help: String) {
        let help = help.reduce(into: "") { $0 += $1 == "\\" ? "\\\\" : $1 == "\n" ? "\\n" : String($1) }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func line(_ name: String, _ labels: [(key: String, value: String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{\(labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ","))}"
        }
        text += " \(Self.number(value))\n"
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }

    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? "\(value)"
    }
}
