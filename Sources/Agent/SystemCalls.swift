import Glibc

/// Calls that Swift does not import.
enum SystemCalls {
    private typealias ProcessControl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    /// `PR_SET_CHILD_SUBREAPER` of linux/prctl.h.
    private static let setChildSubreaper: Int32 = 36

    /// False, with `errno` set, when the kernel refuses.
    static func becomeSubreaper() -> Bool {
        // prctl is declared variadic. On Linux its callers pass words in registers, as this type does.
        guard let symbol = dlsym(nil, "prctl") else { return false }
        return unsafeBitCast(symbol, to: ProcessControl.self)(setChildSubreaper, 1, 0, 0, 0) == 0
    }
}
