import LogStream

/// Output as builds write it and as nobody does, always the same for one seed.
enum Samples {
    static func text(_ length: Int, seed: UInt64) -> [UInt8] {
        var random = SplitMix(state: seed)
        let words = ["make", "test", "ok", "error:", "\u{1B}[31m", "swift", "/build/main.o", "\r\n", "0.01s", "é"]
        var text: [UInt8] = []
        while text.count < length {
            text += Array("\(words.randomElement(using: &random) ?? "") ".utf8)
        }
        return Array(text.prefix(length))
    }

    static func noise(_ length: Int, seed: UInt64) -> [UInt8] {
        var random = SplitMix(state: seed)
        return (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// The segments of `output`, cut at random, each of its own level.
    static func segments(of output: [UInt8], seed: UInt64, steps: Int = 1) -> [Segment] {
        var random = SplitMix(state: seed)
        var segments: [Segment] = []
        var start = 0
        while start < output.count {
            let end = min(output.count, start + Int.random(in: 1...4000, using: &random))
            let step = start * steps / output.count
            segments.append(
                Segment(
                    offset: Int64(start), step: step, output: Array(output[start..<end]),
                    level: Int.random(in: 0...9, using: &random)))
            start = end
        }
        return segments
    }
}

/// Steele, Lea and Flood's generator: enough for samples.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
