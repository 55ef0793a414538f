import NIOCore
import NIOHTTP1

/// Bounds the time that a connection's requests take to arrive and its replies to be taken, and answers what is no HTTP.
///
/// Timers are set only for what has not come whole with one read, which few requests are. Used on its channel's event loop.
final class RequestGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Arriving {
        case nothing
        case head(since: NIODeadline)
        case body(since: NIODeadline, bytes: Int)
    }

    private let limits: ConnectionLimits
    private var arriving = Arriving.nothing
    /// Requests whose reply has not been written to its end.
    private var owed = 0
    private var isReplying = false
    /// The reply went out before its request was there: the connection ends with it.
    private var endsAfterReply = false
    /// The last reply is out; what still comes is let go by.
    private var isEnding = false
    /// The server stops: the next reply is the last one.
    private var isDraining = false
    private var draining: Scheduled<Void>?
    private var arrival: Scheduled<Void>?
    private let writing: WriteWatch

    init(_ limits: ConnectionLimits) {
        self.limits = limits
        writing = WriteWatch(patience: limits.write)
    }

    /// Before the decoder has seen them.
    func bytesCame() {
        if case .nothing = arriving, !isEnding { arriving = .head(since: .now()) }
    }

    // What comes ------------------------------------------------------------------------------------------------

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            owed += 1
            arriving = .body(since: .now(), bytes: 0)
        case .body(let buffer):
            if case .body(let start, let bytes) = arriving {
                arriving = .body(since: start, bytes: bytes + buffer.readableBytes)
            }
        case .end:
            arriving = .nothing
            if isEnding { context.close(promise: nil) }
        }
        if !isEnding { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isEnding {
            context.read()
        } else if arrival == nil, let deadline {
            watchArrival(context, until: deadline)
        }
        context.fireChannelReadComplete()
    }

    private var isInBody: Bool { if case .body = arriving { true } else { false } }

    private var deadline: NIODeadline? {
        switch arriving {
        case .nothing: nil
        case .head(let start): start + limits.head
        case .body(let start, let bytes): limits.deadline(since: start, bytes: bytes)
        }
    }

    private func watchArrival(_ context: ChannelHandlerContext, until deadline: NIODeadline) {
        arrival = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(deadline: deadline) {
            self.arrival = nil
            guard !self.isEnding, let deadline = self.deadline else { return }
            if deadline > .now() {
                self.watchArrival(context, until: deadline)
            } else {
                self.end(context, with: BareReply(.requestTimeout, "request_timeout", "The request came too slowly."))
            }
        }
    }

    // What is no request ----------------------------------------------------------------------------------------

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError, error != .invalidEOFState { end(context, with: error.reply) }
        context.fireErrorCaught(error)
    }

    /// Answers, if the client waits for nothing else, and closes.
    private func end(_ context: ChannelHandlerContext, with reply: BareReply) {
        guard !isEnding else { return }
        isEnding = true
        guard !isReplying, owed == (isInBody ? 1 : 0) else { return context.close(promise: nil) }
        for part in reply.parts { context.write(wrapOutboundOut(part), promise: nil) }
        context.flush()
        linger(context)
    }

    // What goes out ---------------------------------------------------------------------------------------------

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isEnding else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.code >= 200: writeHead(head, context, promise)
        case .end: writeEnd(data, context, promise)
        case .head, .body: context.write(data, promise: promise)
        }
    }

    /// A body that nobody has read to its end would have to be read before the next request: rather no next one. Nor when the
    /// server stops.
    private func writeHead(
        _ head: HTTPResponseHead, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        isReplying = true
        guard isInBody || isDraining, owed == 1 else {
            return context.write(wrapOutboundOut(.head(head)), promise: promise)
        }
        var head = head
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        endsAfterReply = true
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    private func writeEnd(_ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        owed -= 1
        isReplying = false
        guard endsAfterReply else { return context.write(data, promise: promise) }
        isEnding = true
        context.writeAndFlush(data, promise: promise)
        linger(context)
    }

    /// A close while bytes are unread would take the reply back before the client has it. So what comes is read for a moment.
    private func linger(_ context: ChannelHandlerContext) {
        let channel = context.channel
        context.eventLoop.scheduleTask(in: limits.linger) { channel.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isEnding, case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        if event is ChannelShouldQuiesceEvent, drain(context) { return }
        context.fireUserInboundEventTriggered(event)
    }

    /// Puts the end off, so that the client learns of it from a reply. False: it is not to be put off.
    private func drain(_ context: ChannelHandlerContext) -> Bool {
        guard !isDraining, !isEnding, !isReplying, limits.drain > .zero else { return false }
        isDraining = true
        draining = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: limits.drain) {
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        return true
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writing.changed(context)
        context.fireChannelWritabilityChanged()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        arrival?.cancel()
        draining?.cancel()
        writing.stop()
    }
}
