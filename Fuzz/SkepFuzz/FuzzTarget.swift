import Synchronization

/// What is fed with whatever libFuzzer thinks of. Each looks at what comes out too: a wrong answer ends the program like a crash.
enum FuzzTarget: String, CaseIterable {
    case deliveries
    case pipeline
    case jwe
    case tokens
    case json
    case headers
    case segments

    static let chosen = Mutex(FuzzTarget.deliveries)

    func run(_ input: [UInt8]) {
        switch self {
        case .deliveries: fuzzDelivery(input)
        case .pipeline: fuzzPipeline(input)
        case .jwe: fuzzJWE(input)
        case .tokens: fuzzToken(input)
        case .json: fuzzJSON(input)
        case .headers: fuzzHeaders(input)
        case .segments: fuzzSegment(input)
        }
    }
}

/// What libFuzzer calls for each input.
func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    FuzzTarget.chosen.withLock { $0 }.run(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

/// Splits off what comes before the first newline: targets that take two things read them so.
func firstLine(_ input: [UInt8]) -> (line: String, rest: [UInt8]) {
    let end = input.firstIndex(of: UInt8(ascii: "\n")) ?? input.endIndex
    return (String(decoding: input[..<end], as: UTF8.self), Array(input[end...].dropFirst()))
}
