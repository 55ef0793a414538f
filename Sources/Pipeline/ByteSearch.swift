extension [UInt8] {
    /// Where `wanted` occurs, from left to right without overlap. Linear in both lengths (Knuth, Morris, Pratt), so
    /// that no pattern is slow.
    func occurrences(of wanted: [UInt8]) -> [Int] {
        guard !wanted.isEmpty else { return [] }
        let borders = wanted.borders
        var found: [Int] = []
        var matched = 0
        for (index, byte) in enumerated() {
            while matched > 0, wanted[matched] != byte { matched = borders[matched - 1] }
            if wanted[matched] == byte { matched += 1 }
            if matched == wanted.count {
                found.append(index + 1 - matched)
                matched = 0
            }
        }
        return found
    }

    /// For each prefix, the length of its longest proper prefix that also ends it.
    private var borders: [Int] {
        var borders = [Int](repeating: 0, count: count)
        var length = 0
        for index in indices.dropFirst() {
            while length > 0, self[length] != self[index] { length = borders[length - 1] }
            if self[length] == self[index] { length += 1 }
            borders[index] = length
        }
        return borders
    }

    /// With `new` in place of each occurrence of `old`.
    func replacing(_ old: [UInt8], with new: [UInt8], at places: [Int]) -> [UInt8] {
        var result: [UInt8] = []
        var start = 0
        for place in places {
            result += self[start..<place] + new
            start = place + old.count
        }
        return result + self[start...]
    }
}
