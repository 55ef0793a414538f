import CFuzzer
import Glibc
import Synchronization

// The first argument names the target, the others are libFuzzer's: see scripts/fuzz, which builds and runs this.
func run(_ arguments: [String]) -> Int32 {
    guard arguments.count > 1, let target = FuzzTarget(rawValue: arguments[1]) else {
        print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
        return arguments.count > 1 ? 2 : 0
    }
    FuzzTarget.chosen.withLock { $0 = target }
    // libFuzzer keeps them until the program ends.
    let words = ([arguments[0]] + arguments.dropFirst(2)).map { strdup($0) } + [nil]
    let start = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count)
    start.initialize(from: words, count: words.count)
    var first: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = start
    var count = Int32(words.count - 1)
    return LLVMFuzzerRunDriver(&count, &first, fuzzOneInput)
}

exit(run(CommandLine.arguments))
