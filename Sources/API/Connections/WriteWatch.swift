import NIOCore

/// Closes a connection whose client takes next to nothing of what waits for it. Used on its channel's event loop.
final class WriteWatch {
    private struct Backlog {
        /// How often there has come to be one.
        var round: Int
        var bytes: Int
    }

    private let patience: TimeAmount
    private var timer: Scheduled<Void>?
    private var rounds = 0

    /// - Parameter patience: how long a client may take next to nothing.
    init(patience: TimeAmount) {
        self.patience = patience
    }

    /// What waits has come to be too much, or little enough.
    func changed(_ context: ChannelHandlerContext) {
        guard !context.channel.isWritable else { return }
        rounds += 1
        if timer == nil { watch(context, backlog(context)) }
    }

    func stop() {
        timer?.cancel()
    }

    private func watch(_ context: ChannelHandlerContext, _ before: Backlog) {
        timer = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: patience) {
            self.timer = nil
            guard context.channel.isActive, !context.channel.isWritable else { return }
            let now = self.backlog(context)
            if now.round == before.round, before.bytes - now.bytes < self.leastProgress {
                context.close(promise: nil)
            } else {
                self.watch(context, now)
            }
        }
    }

    /// 1 KiB a second.
    private var leastProgress: Int { max(Int(patience.nanoseconds / 1_000_000_000) << 10, 1) }

    private func backlog(_ context: ChannelHandlerContext) -> Backlog {
        let bytes = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        return Backlog(round: rounds, bytes: bytes ?? 0)
    }
}
