package import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

extension HTTPServerBuilder {
    /// HTTP/1.1 within limits. Connections are taken at any time: one too many is answered 503, so that nothing hangs.
    package static func guarded(_ limits: ConnectionLimits) -> HTTPServerBuilder {
        let gate = ConnectionGate(limit: limits.connections)
        return HTTPServerBuilder { responder in
            var configuration = HTTP1Channel.Configuration(idleTimeout: limits.idle)
            configuration.httpDecoder.maxHeaderListSize = limits.headBytes
            configuration.httpDecoder.maxHeaderFieldSize = limits.headBytes / 2
            configuration.httpDecoder.maxHeaderFieldCount = limits.headFields
            let http = HTTP1Channel(responder: responder, configuration: configuration)
            return GuardedChannel(http: http, limits: limits, gate: gate)
        }
    }
}

/// Hummingbird's HTTP/1.1, with the guards around it.
struct GuardedChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        /// nil: the connection is not to be served.
        let http: HTTP1Channel.Value?
    }

    let http: HTTP1Channel
    let limits: ConnectionLimits
    let gate: ConnectionGate

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let gate = gate
        let place = gate.enter(logger)
        channel.closeFuture.whenComplete { _ in gate.leave(place) }
        switch place {
        case .inside: return serve(channel, logger)
        case .outside:
            return channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers([HTTPResponseEncoder(), Refusing()])
                return Value(channel: channel, http: nil)
            }
        case .nowhere:
            channel.close(promise: nil)
            return channel.eventLoop.makeSucceededFuture(Value(channel: channel, http: nil))
        }
    }

    private func serve(_ channel: any Channel, _ logger: Logger) -> EventLoopFuture<Value> {
        let limits = limits
        return http.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let requests = RequestGuard(limits)
            try pipeline.addHandler(requests, position: .after(decoder))
            try pipeline.addHandler(ByteWatch(requests), position: .first)
            return Value(channel: channel, http: value)
        }.flatMapErrorThrowing { error in
            channel.close(promise: nil)
            throw error
        }
    }

    func handle(value: Value, logger: Logger) async {
        if let http = value.http {
            await self.http.handle(value: http, logger: logger)
        } else {
            try? await value.channel.closeFuture.get()
        }
    }
}

/// Tells the guard of bytes, before it is known what they are.
private final class ByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let requests: RequestGuard

    init(_ requests: RequestGuard) {
        self.requests = requests
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        requests.bytesCame()
        context.fireChannelRead(data)
    }
}

/// Says that there is no room, and closes once the client has heard it.
private final class Refusing: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = HTTPServerResponsePart

    private var hasRefused = false

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { refuse(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        refuse(context)
        context.fireChannelActive()
    }

    /// A close while bytes of the request are unread would take the reply back, so these are read for a moment.
    private func refuse(_ context: ChannelHandlerContext) {
        guard !hasRefused else { return }
        hasRefused = true
        let reply = BareReply(
            .serviceUnavailable, "busy", "The server has all the connections it can. Try again.", retryAfter: 1)
        for part in reply.parts { context.write(wrapOutboundOut(part), promise: nil) }
        context.flush()
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
