/// What became of one push that was offered to the server.
enum SpoolVerdict: Sendable {
    /// The server has it; the text is for the one who pushed.
    case accepted(String)
    /// The server will never take it.
    case refused(String)
    /// Not now, for this reason.
    case kept(String)
}

extension Spool {
    /// Offers every push to `hand`, oldest first, until none is left or one is kept; `say` gets one line for each.
    ///
    /// The caller holds the lock. Pushes that come meanwhile are offered too.
    ///
    /// - Returns: whether the spool is empty.
    func drain(say: (String) -> Void, hand: (HookRequest) async -> SpoolVerdict) async throws -> Bool {
        let configuration = try HookConfiguration.read(in: gitDir)
        var names = names()
        while let name = names.first {
            switch try await offer(name, configuration, hand) {
            case .accepted(let text):
                try remove(name)
                say(text)
            case .refused(let reason):
                try setAside(name, reason: reason)
                say("refused: \(reason)")
            case .kept(let reason):
                // Then time ran out, which the caller says.
                try Task.checkCancellation()
                say("\(reason); \(names.count == 1 ? "kept" : "\(names.count) pushes are kept"), will be retried")
                return false
            }
            names.removeFirst()
            if names.isEmpty { names = self.names() }
        }
        return true
    }

    private func offer(
        _ name: String, _ configuration: HookConfiguration, _ hand: (HookRequest) async -> SpoolVerdict
    ) async throws -> SpoolVerdict {
        let bytes = try Files.read("\(folder)/\(name)", atMost: SpooledPush.limit)
        guard let push = SpooledPush(name: name, bytes: bytes) else { return .refused("\(name) is not a push") }
        let payload = PushPayload(
            repository: .init(fullName: configuration.repository), refs: push.refs, pushedAt: push.pushedAt)
        return await hand(try HookRequest(push: payload, deliveryID: push.deliveryID, secret: configuration.secret))
    }
}
