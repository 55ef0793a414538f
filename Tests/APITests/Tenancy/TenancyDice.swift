/// Random numbers that a seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What the tenancy test throws.
struct Dice {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &generator)
    }

    /// True once in so many times.
    mutating func once(in times: Int) -> Bool {
        number(1...times) == 1
    }

    mutating func pick<T>(_ choices: [T]) -> T? {
        choices.randomElement(using: &generator)
    }

    /// Of dictionaries, whose order is another in every process.
    mutating func pick<T>(_ choices: [Int64: T]) -> T? {
        pick(choices.keys.sorted()).flatMap { choices[$0] }
    }

    /// A text that is nowhere else.
    mutating func marker() -> String {
        let number = UInt64.random(in: .min ... .max, using: &generator)
        let digits = String(number, radix: 16)
        return "mk" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// A name that nothing has, on the same forge and as long as this one, so that replies about the two can be compared.
    mutating func absent(like name: String) -> String {
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        if parts.count == 2 { return "\(parts[0]):\(absent(like: parts[1]))" }
        return String(("zz" + String(marker().dropFirst(2)) + String(repeating: "z", count: 200)).prefix(name.count))
    }
}
