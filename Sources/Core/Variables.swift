/// Names and values in the order they were written. A name occurs once; setting it again keeps its place.
///
/// Encoded as a list of pairs, so that no reader can reorder them.
package struct Variables: Sendable, Hashable, ExpressibleByDictionaryLiteral, Sequence {
    private var entries: [Entry] = []

    package struct Entry: Sendable, Hashable {
        package var name: String
        package var value: String
    }

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { self[name] = value }
    }

    package subscript(name: String) -> String? {
        get { entries.first { $0.name == name }?.value }
        set {
            let index = entries.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): entries[index].value = value
            case (let index?, nil): entries.remove(at: index)
            case (nil, let value?): entries.append(Entry(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }

    /// Sets every variable of `other`, whose values win.
    package mutating func merge(_ other: Variables) {
        for entry in other { self[entry.name] = entry.value }
    }

    package func merging(_ other: Variables) -> Variables {
        var merged = self
        merged.merge(other)
        return merged
    }

    package func makeIterator() -> some IteratorProtocol<Entry> {
        entries.makeIterator()
    }
}

extension Variables: Codable {
    package init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
            var pair = try list.nestedUnkeyedContainer()
            let name = try pair.decode(String.self)
            self[name] = try pair.decode(String.self)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        for entry in entries {
            var pair = list.nestedUnkeyedContainer()
            try pair.encode(entry.name)
            try pair.encode(entry.value)
        }
    }
}
