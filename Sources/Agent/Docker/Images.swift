import AsyncHTTPClient
import Core
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Gets images onto an engine.
struct Images: Sendable {
    let engine: EngineClient
    let settings: ContainerSettings

    /// Returns when the engine has the image.
    /// - Throws: `AgentError.imageUnavailable`.
    func provide(_ text: String, policy: PullPolicy?) async throws {
        let image = try ImageName(text)
        switch policy ?? settings.pull {
        case .always:
            try await pull(image)
        case .ifNotExists:
            if try await !isThere(image) { try await pull(image) }
        case .never:
            guard try await isThere(image) else {
                throw AgentError(
                    .imageUnavailable, "image \(image) is not on the agent's machine, and is not to be pulled")
            }
        }
    }

    private func isThere(_ image: ImageName) async throws -> Bool {
        do {
            try await engine.bytes(EngineRequest(.GET, "/images/\(image)/json"))
            return true
        } catch let fault as EngineFault where fault.isMissing {
            return false
        }
    }

    private func pull(_ image: ImageName) async throws {
        var request = EngineRequest(
            .POST, "/images/create", query: [("fromImage", image.repository), ("tag", image.tag)])
        if let header = try credentials()?.header(for: image.registry) {
            request.headers.append(("X-Registry-Auth", header))
        }
        do {
            if let problem = try await problem(of: request) { throw Self.failure(image, problem) }
        } catch let fault as EngineFault {
            throw Self.failure(image, fault.message)
        }
    }

    /// Read for each pull, so that a new password counts at once.
    private func credentials() throws -> RegistryCredentials? {
        try settings.registryConfigFile.map(RegistryCredentials.init(file:))
    }

    /// The error that an engine reports after it has answered 200; nil: the image has come.
    private func problem(of request: EngineRequest) async throws -> String? {
        var line: [UInt8] = []
        var problem: String?
        for try await buffer in try await engine.stream(request) {
            for byte in buffer.readableBytesView {
                if byte == UInt8(ascii: "\n") {
                    problem = Self.error(in: line) ?? problem
                    line.removeAll(keepingCapacity: true)
                } else if line.count < 1 << 20 {
                    line.append(byte)
                }
            }
        }
        return Self.error(in: line) ?? problem
    }

    private struct Progress: Decodable {
        var error: String?
    }

    private static func error(in line: [UInt8]) -> String? {
        (try? JSONDecoder().decode(Progress.self, from: Data(line)))?.error
    }

    private static func failure(_ image: ImageName, _ reason: String) -> AgentError {
        AgentError(.imageUnavailable, "image \(image) cannot be pulled: \(reason)")
    }
}
