/// Reads the text format of Prometheus, version 0.0.4, and refuses all that its description does not allow.
struct PrometheusText {
    struct Sample {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Family {
        var type: String
        var samples: [Sample] = []
    }

    struct Malformed: Error {
        var line: String
        var reason: String
    }

    private(set) var families: [String: Family] = [:]

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(line: "", reason: "the last line has no end") }
        var helped: String?
        var current: String?
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            func fail(_ reason: String) -> Malformed { Malformed(line: line, reason: reason) }
            let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            if line.hasPrefix("# HELP ") {
                guard words.count == 4, Self.isName(words[2], colon: true) else { throw fail("no help") }
                guard families[words[2]] == nil else { throw fail("a second time") }
                helped = words[2]
            } else if line.hasPrefix("# TYPE ") {
                guard words.count == 4, words[2] == helped else { throw fail("a type apart from its help") }
                guard ["counter", "gauge", "histogram"].contains(words[3]) else { throw fail("an unknown type") }
                families[words[2]] = Family(type: words[3])
                current = words[2]
            } else {
                guard let family = current, let type = families[family]?.type else { throw fail("without a type") }
                let sample = try Self.sample(line)
                let suffixes = type == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                guard suffixes.contains(where: { family + $0 == sample.name }) else { throw fail("another family's") }
                guard type == "gauge" || sample.value >= 0 else { throw fail("below zero") }
                let isThere = families[family]?.samples.contains {
                    $0.name == sample.name && $0.labels == sample.labels
                }
                guard isThere == false else { throw fail("the same sample twice") }
                families[family]?.samples.append(sample)
            }
        }
        for (name, family) in families where family.type == "histogram" { try Self.check(name, family) }
    }

    /// The value of a sample. nil: there is none.
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        families.values.lazy.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
    }

    /// Buckets only grow, and the last is the count.
    private static func check(_ name: String, _ family: Family) throws {
        func labels(_ sample: Sample) -> [String: String] { sample.labels.filter { $0.key != "le" } }
        for count in family.samples where count.name == "\(name)_count" {
            let buckets = family.samples.filter { $0.name == "\(name)_bucket" && labels($0) == count.labels }
            let bounds = buckets.compactMap { Double($0.labels["le"] == "+Inf" ? "inf" : $0.labels["le"] ?? "") }
            let sums = family.samples.filter { $0.name == "\(name)_sum" && $0.labels == count.labels }
            guard bounds.count == buckets.count, bounds == bounds.sorted(), bounds.last == .infinity,
                buckets.map(\.value) == buckets.map(\.value).sorted(), buckets.last?.value == count.value,
                sums.count == 1
            else { throw Malformed(line: name, reason: "no histogram") }
        }
    }

    private static func sample(_ line: String) throws -> Sample {
        func fail(_ reason: String) -> Malformed { Malformed(line: line, reason: reason) }
        var rest = line[...]
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        guard isName(name, colon: true) else { throw fail("no name") }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = String(rest.prefix { $0 != "=" })
                rest = rest.dropFirst(label.count)
                guard isName(label, colon: false), rest.hasPrefix("=\"") else { throw fail("no label") }
                rest = rest.dropFirst(2)
                guard let value = quoted(&rest), labels.updateValue(value, forKey: label) == nil else {
                    throw fail("no value of \(label), or two")
                }
                if rest.first == "," { rest = rest.dropFirst() } else if rest.first != "}" { throw fail("no end") }
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " ", let value = Double(rest.dropFirst()) else { throw fail("no value") }
        return Sample(name: name, labels: labels, value: value)
    }

    /// Up to the closing quote, which is taken too.
    private static func quoted(_ rest: inout Substring) -> String? {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                guard let escaped = rest.popFirst(), let meant = ["\\": "\\", "\"": "\"", "n": "\n"][escaped] else {
                    return nil
                }
                value += meant
            default: value.append(character)
            }
        }
        return nil
    }

    private static func isName(_ text: String, colon: Bool) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
                || (colon && byte == 0x3A)
        }
    }
}
