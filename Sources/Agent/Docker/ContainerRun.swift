import SystemPackage

/// One container, from its making to its removal.
struct ContainerRun: Sendable {
    let engine: EngineClient
    let spec: ContainerSpec
    let name: String
    /// Gets all it prints, both outputs as one.
    let output: FileDescriptor

    /// Runs it to its end. Whatever happens, and when the task is cancelled at once, it is killed and removed.
    func run() async throws -> ContainerState {
        // Not given up halfway: a container that is made must be known, to be removed.
        let id = try await Task { try await engine.create(spec, name: name) }.value
        let result: Result<ContainerState, any Error>
        do { result = .success(try await follow(id)) } catch { result = .failure(error) }
        try await Task { try await engine.remove(id) }.value
        return try result.get()
    }

    /// Attached before the start, else its first lines would be missed. The first error ends it: output that nobody takes
    /// would stop the container.
    private func follow(_ id: String) async throws -> ContainerState {
        try Task.checkCancellation()
        let stream = try await engine.attach(to: id)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await stream.eachPiece { try output.writeAll($0) } }
            group.addTask {
                try await engine.start(id)
                try await engine.wait(for: id)
            }
            while try await group.next() != nil {}
        }
        return try await engine.state(of: id)
    }
}
