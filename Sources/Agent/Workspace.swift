import FoundationEssentials

/// The folders of one attempt. Only what is named here is ever shown to its job.
package struct Workspace: Sendable {
    package var attempt: Int64
    /// `FOLDER/<attempt>`, mode 0700, holding all the others.
    package var root: String

    /// The checkout.
    package var source: String { root + "/workspace" }
    package var home: String { root + "/home" }
    package var temporary: String { root + "/tmp" }
    /// What each running step is told, in a folder of its own that no other step is shown.
    package var control: String { root + "/control" }
    func control(ofStep number: Int) -> String { control + "/\(number)" }
    /// What the steps print. Not shown to the job: it could shorten it.
    var output: String { root + "/output" }
    /// What is sent of it.
    var log: String { root + "/log" }
    /// The end of a log that is too long.
    var logEnd: String { root + "/end" }
    var cloneOutput: String { root + "/clone" }
    /// What a step prints whose turn in the log has not come.
    func output(ofStep number: Int) -> String { root + "/output-\(number)" }
    /// Names an image that can open the files which its job's containers have left.
    var image: String { root + "/image" }

    /// Where a job finds its folders in a sandbox or a container.
    enum Inside {
        static let source = "/skep/workspace"
        static let home = "/skep/home"
        static let control = "/skep/control"
    }

    package init(attempt: Int64, in folder: String) {
        self.attempt = attempt
        root = "\(folder)/\(attempt)"
    }

    /// Makes the folders, none of which may exist.
    package func create() throws {
        try Self.makeFolder(root, mode: 0o700)
        for folder in [source, home] { try Self.makeFolder(folder, mode: 0o755) }
        try Self.makeFolder(control, mode: 0o755)
        try Self.makeFolder(temporary, mode: 0o777)
    }

    static func makeFolder(_ path: String, mode: Int) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        // Set apart: the mode given to mkdir is cut by the umask.
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
}
