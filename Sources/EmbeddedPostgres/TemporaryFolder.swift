import FoundationEssentials
import Glibc
import SystemPackage

/// New folders of mode 0700 with short names of their own, for the server's user.
enum TemporaryFolder {
    /// Makes one below `TMPDIR`, or below `/tmp` where the server's user could not remove it from there again.
    static func make(for account: Account) throws(EmbeddedPostgresError) -> FilePath {
        let chosen = ProcessInfo.processInfo.environment["TMPDIR"].map { FilePath($0) }
        let fits = chosen.flatMap(\.resolved).flatMap { suits($0, account) ? $0 : nil }
        return try make(in: fits ?? "/tmp", for: account)
    }

    static func make(in above: FilePath, for account: Account) throws(EmbeddedPostgresError) -> FilePath {
        var template = Array(above.appending("skep-XXXXXX").string.utf8CString)
        guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
            throw ServerFolder.unusable(above, Errno(rawValue: errno))
        }
        let folder = template.withUnsafeBufferPointer { FilePath(platformString: Array($0)) }
        guard !Account.isRoot || folder.withPlatformString({ lchown($0, account.user, account.group) }) == 0 else {
            throw ServerFolder.unusable(folder, Errno(rawValue: errno))
        }
        return folder
    }

    private static func suits(_ folder: FilePath, _ account: Account) -> Bool {
        let isReachable = (try? ServerFolder.check(folder.appending("x"))) != nil
        return isReachable && folder.string.utf8.count < 60 && FileStatus(folder)?.letsWrite(account) == true
    }
}
