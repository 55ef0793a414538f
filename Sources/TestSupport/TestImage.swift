import Agent
import Foundation
import Subprocess
import SystemPackage

/// An image made on the spot of Debian's static busybox: nothing is pulled.
enum TestImage {
    static func load(to client: EngineClient, as name: String) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/skep-image-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-c", script, "sh", folder], output: .discarded,
            error: .string(limit: 64 << 10))
        guard result.terminationStatus.isSuccess else {
            throw NotInTime(description: "no image of busybox (Debian: busybox-static): \(result.standardError)")
        }
        let archive = try Data(contentsOf: URL(filePath: folder + "/image.tar"))
        try await client.importImage(Array(archive), as: name)
    }

    private static let script = """
        set -e
        cd "$1"; mkdir -p root/bin root/tmp root/etc
        cp "$(command -v busybox)" root/bin/busybox
        for name in $(busybox --list | grep -vx busybox); do ln -s busybox "root/bin/$name"; done
        echo root:x:0:0:root:/:/bin/sh > root/etc/passwd
        tar -C root -cf image.tar .
        """
}
