import FoundationEssentials

/// What the server answered to a delivery.
package struct SpoolReply: Sendable {
    package var status: Int
    package var body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Posts a request to a URL. Throws where no answer came.
package typealias SpoolSender = @Sendable (_ url: String, _ request: HookRequest) async throws -> SpoolReply

/// `skep deliver GIT-DIR`: run by a repository's hook to send what its spool holds.
package enum SpoolDelivery {
    /// - Parameters:
    ///   - gitDir: the bare repository.
    ///   - limit: for everything together: a push waits for this.
    ///   - say: gets one line a delivery, for the one who pushed.
    /// - Returns: the exit code: 0 where nothing is left to send.
    package static func run(
        gitDir: String, limit: Duration = .seconds(5), send: @escaping SpoolSender = HTTPSpoolSender.send,
        say: @escaping @Sendable (String) -> Void = { print("skep: \($0)") }
    ) async -> Int32 {
        let spool = Spool(gitDir: gitDir)
        if spool.names().isEmpty { return 0 }
        do {
            let isEmpty = try await withDeadline(limit) {
                let url = try HookConfiguration.read(in: gitDir).url
                return try await spool.withLock(patience: limit) {
                    try await spool.drain(say: say) { await post($0, to: url, send) }
                }
            }
            return isEmpty == true ? 0 : 1
        } catch is DeadlineExceeded {
            say("not done in \(limit); what is left is kept, will be retried")
        } catch {
            say("\((error as? ForgeError)?.message ?? "could not read the spool"); kept, will be retried")
        }
        return 1
    }

    private static func post(_ request: HookRequest, to url: String, _ send: SpoolSender) async -> SpoolVerdict {
        let shown = url.prefix { $0 != "?" }
        guard let reply = try? await send(url, request) else { return .kept("could not reach \(shown)") }
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(reply.body))
        switch reply.status {
        case 200..<300:
            return .accepted(answer?.delivery.map { "accepted, delivery \($0)" } ?? "accepted")
        case 408, 425, 429, ..<200, 300..<400, 500...:
            return .kept("\(shown) answered \(reply.status)")
        default:
            return .refused(answer?.message.map { "\(reply.status), \($0.onOneLine)" } ?? "\(reply.status)")
        }
    }

    /// The parts of the server's answers that the one who pushed may want to read.
    private struct Answer: Decodable {
        var delivery: Int64?
        var message: String?
    }
}
