import Glibc

/// Calls that Swift does not import.
enum SystemCalls {
    private typealias ProcessControl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    /// `PR_SET_CHILD_SUBREAPER` of linux/prctl.h.
    private static let setChildSubreaper: Int32 = 36

    private typealias FileAllocation = @convention(c) (Int32, Int32, Int, Int) -> Int32
    /// `FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE` of linux/falloc.h.
    private static let punchHoleKeepingSize: Int32 = 3

    /// Gives the disk back a part of a file, which then reads as zeros. Where that cannot be done nothing happens.
    static func punchHole(in file: Int32, from start: Int64, to end: Int64) {
        guard let symbol = dlsym(nil, "fallocate") else { return }
        _ = unsafeBitCast(symbol, to: FileAllocation.self)(
            file, punchHoleKeepingSize, Int(start), Int(end - start))
    }

    /// False, with `errno` set, when the kernel refuses.
    static func becomeSubreaper() -> Bool {
        // prctl is declared variadic. On Linux its callers pass words in registers, as this type does.
        guard let symbol = dlsym(nil, "prctl") else { return false }
        return unsafeBitCast(symbol, to: ProcessControl.self)(setChildSubreaper, 1, 0, 0, 0) == 0
    }
}
