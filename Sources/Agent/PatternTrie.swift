/// Many patterns as one automaton (Aho and Corasick, 1975): it tells after each byte of a text how long a pattern ends there,
/// and how long a beginning of one does.
struct PatternTrie: Sendable {
    /// A place in the automaton. 0 is the start, where nothing was begun.
    typealias State = Int32

    private struct Node {
        var byte: UInt8
        /// Bytes from the start.
        var depth: Int32
        /// Where to go on when no child fits: the longest other beginning that the text ends in.
        var fallback: State = 0
        /// Bytes of the longest pattern that ends here; 0 for none.
        var match: Int32 = 0
        var firstChild: State = 0
        var sibling: State = 0
    }

    private var nodes = [Node(byte: 0, depth: 0)]
    /// Children of the start, where most bytes of a text are.
    private var starts = [State](repeating: 0, count: 256)

    init(_ patterns: some Sequence<[UInt8]>) {
        for pattern in patterns where !pattern.isEmpty { insert(pattern) }
        link()
    }

    func depth(_ state: State) -> Int { Int(nodes[Int(state)].depth) }

    /// Reads `bytes` from `index` on, until a pattern ends or they do. Answers where it stopped, and the length of the longest
    /// pattern that ends there; 0: none does. Line ends are passed over.
    ///
    /// Most bytes begin nothing, so those are skipped without looking at nodes.
    func read(_ bytes: UnsafeBufferPointer<UInt8>, from index: Int, state: inout State) -> (index: Int, match: Int) {
        starts.withUnsafeBufferPointer { starts in
            nodes.withUnsafeBufferPointer { nodes in
                var index = index
                while index < bytes.count {
                    let byte = bytes[index]
                    index += 1
                    if state == 0 {
                        state = starts[Int(byte)]
                        if state == 0 { continue }
                    } else if !MaskPatterns.isLineEnd(byte) {
                        state = Self.next(state, byte, nodes, starts)
                    } else {
                        continue
                    }
                    let match = nodes[Int(state)].match
                    if match > 0 { return (index, Int(match)) }
                }
                return (index, 0)
            }
        }
    }

    private static func next(
        _ state: State, _ byte: UInt8, _ nodes: UnsafeBufferPointer<Node>, _ starts: UnsafeBufferPointer<State>
    ) -> State {
        var state = state
        while state != 0 {
            if let child = child(of: state, byte, nodes) { return child }
            state = nodes[Int(state)].fallback
        }
        return starts[Int(byte)]
    }

    private static func child(of state: State, _ byte: UInt8, _ nodes: UnsafeBufferPointer<Node>) -> State? {
        var child = nodes[Int(state)].firstChild
        while child != 0 {
            if nodes[Int(child)].byte == byte { return child }
            child = nodes[Int(child)].sibling
        }
        return nil
    }

    private mutating func insert(_ pattern: [UInt8]) {
        var state: State = 0
        for byte in pattern {
            let known: State? =
                if state == 0 {
                    starts[Int(byte)] == 0 ? nil : starts[Int(byte)]
                } else {
                    nodes.withUnsafeBufferPointer { Self.child(of: state, byte, $0) }
                }
            state = known ?? append(byte, to: state)
        }
        nodes[Int(state)].match = Int32(pattern.count)
    }

    private mutating func append(_ byte: UInt8, to parent: State) -> State {
        let state = State(nodes.count)
        var node = Node(byte: byte, depth: nodes[Int(parent)].depth + 1)
        if parent == 0 {
            starts[Int(byte)] = state
        } else {
            node.sibling = nodes[Int(parent)].firstChild
            nodes[Int(parent)].firstChild = state
        }
        nodes.append(node)
        return state
    }

    /// Sets fallbacks, shallow nodes before deep ones.
    private mutating func link() {
        var queue = starts.filter { $0 != 0 }
        var index = 0
        while index < queue.count {
            let state = queue[index]
            index += 1
            var child = nodes[Int(state)].firstChild
            while child != 0 {
                let fallback = nodes.withUnsafeBufferPointer { nodes in
                    starts.withUnsafeBufferPointer {
                        Self.next(nodes[Int(state)].fallback, nodes[Int(child)].byte, nodes, $0)
                    }
                }
                nodes[Int(child)].fallback = fallback
                nodes[Int(child)].match = max(nodes[Int(child)].match, nodes[Int(fallback)].match)
                queue.append(child)
                child = nodes[Int(child)].sibling
            }
        }
    }
}
