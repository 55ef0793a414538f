import FoundationEssentials
import Glibc
import SystemPackage

/// Makes a workspace removable for an agent that is not root: containers have written to it as other users.
struct WorkspaceOpener: Sendable {
    let engine: EngineClient
    let settings: ContainerSettings
    let folder: String

    /// A container of the job's own image opens all files. Where that fails, the removal will say what stands in its way.
    func open(_ workspace: Workspace) async {
        guard geteuid() != 0, let data = FileManager.default.contents(atPath: workspace.image), !data.isEmpty
        else { return }
        try? await open(workspace, image: String(decoding: data, as: UTF8.self))
    }

    private func open(_ workspace: Workspace, image: String) async throws {
        let name = JobNames(agent: try AgentIdentity.establish(in: folder), attempt: workspace.attempt)
        var spec = ContainerSpec(image: image)
        spec.entrypoint = ["/bin/sh", "-c"]
        spec.command = ["chmod -R a+rwX \(Workspace.Inside.source) \(Workspace.Inside.home) /tmp"]
        spec.user = "0:0"
        spec.labels = name.labels
        spec.host.mounts = settings.mounts(of: workspace, control: workspace.control, in: folder)
        spec.host.networkMode = "none"
        ContainerRights.grant(&spec.host, isTrusted: false, isPrivileged: false)
        let nowhere = try FileDescriptor.open("/dev/null", .writeOnly, options: .closeOnExec)
        defer { try? nowhere.close() }
        _ = try await ContainerRun(engine: engine, spec: spec, name: name.holder + "-open", output: nowhere).run()
    }
}

extension ContainerSettings {
    /// A job's folders, as a step with this control folder sees them.
    func mounts(of workspace: Workspace, control: String, in folder: String) -> [Mount] {
        [
            Mount(source: seen(workspace.source, in: folder), target: Workspace.Inside.source),
            Mount(source: seen(workspace.home, in: folder), target: Workspace.Inside.home),
            Mount(source: seen(workspace.temporary, in: folder), target: "/tmp"),
            Mount(source: seen(control, in: folder), target: Workspace.Inside.control, isReadOnly: true),
        ]
    }

    /// A path below the agent's folder as the engine's host has it.
    private func seen(_ path: String, in folder: String) -> String {
        engineFolder.map { $0 + path.dropFirst(folder.count) } ?? path
    }
}
