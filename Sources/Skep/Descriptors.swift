import API
import Glibc
import Logging

/// How many files and connections this process may have open.
enum Descriptors {
    /// For what is no client's connection: the database's, files, pipes of git.
    private static let reserve = 512

    /// Raises the limit of this process as far as it may and needs, and lowers that on connections to what fits.
    static func raise(for limits: ConnectionLimits, _ logger: Logger) -> ConnectionLimits {
        let wanted = rlim_t(limits.connections + reserve)
        var descriptors = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors) == 0 else { return limits }
        if descriptors.rlim_cur < wanted {
            let soft = descriptors.rlim_cur
            descriptors.rlim_cur = min(wanted, descriptors.rlim_max)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors) != 0 { descriptors.rlim_cur = soft }
        }
        guard descriptors.rlim_cur < wanted else { return limits }
        var limits = limits
        limits.connections = max(Int(descriptors.rlim_cur) - reserve, Int(descriptors.rlim_cur) / 2)
        logger.notice(
            "fewer connections than configured: RLIMIT_NOFILE allows no more",
            metadata: ["connections": "\(limits.connections)"])
        return limits
    }
}
