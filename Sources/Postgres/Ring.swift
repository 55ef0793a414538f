/// A queue in a circle of memory: both ends cost the same however long it is.
struct Ring<Element> {
    private var places: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : places[head] }

    mutating func append(_ element: Element) {
        if count == places.count { grow() }
        places[place(count)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = places[head].take()
        head = place(1)
        count -= 1
        return element
    }

    /// Takes out the first element that fits. Costs the length of the queue.
    mutating func removeFirst(where fits: (Element) -> Bool) -> Element? {
        guard let found = (0..<count).first(where: { places[place($0)].map(fits) ?? false }) else { return nil }
        let element = places[place(found)]
        for offset in found..<count - 1 { places[place(offset)] = places[place(offset + 1)] }
        places[place(count - 1)] = nil
        count -= 1
        return element
    }

    private func place(_ offset: Int) -> Int {
        let index = head + offset
        return index < places.count ? index : index - places.count
    }

    private mutating func grow() {
        let inOrder = (0..<count).map { places[place($0)] }
        places = inOrder + Array(repeating: nil, count: max(8, count))
        head = 0
    }
}
