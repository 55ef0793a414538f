import Core
import Hummingbird
import LogStream
import NIOCore
import Store

/// A log on its way out, a few segments in memory at a time.
struct LogSource: Sendable {
    let store: Store
    let log: LogPage
    /// Only segments of this step; nil: all.
    let step: Int?

    /// Segments read at once: at most so many MiB of text.
    private static let batch = 8

    /// An entity tag for each coding (RFC 9110, 8.8.3).
    func tag(_ coding: ContentCoding) -> String {
        "\"\(log.attemptID)-\(log.size)\(step.map { "-step\($0)" } ?? "")\(coding == .gzip ? "-gzip" : "")\""
    }

    /// nil: not known without reading all of it.
    var textLength: Int? { step == nil ? Int(log.size) : nil }

    /// The whole log as it stands, as text.
    var text: LogBody {
        LogBody { write in
            try await forEachSegment { segment in try await write(ByteBuffer(bytes: segment.output())) }
        }
    }

    /// Some bytes of the log.
    func text(of bytes: Range<Int64>) -> LogBody {
        LogBody { write in
            try await forEachSegment(in: bytes) { segment in try await write(ByteBuffer(bytes: segment.output())) }
        }
    }

    /// The whole log as one gzip stream: the segments as they are stored, between a head and an end.
    var gzip: LogBody {
        LogBody { write in
            var assembly = GzipAssembly()
            try await write(ByteBuffer(bytes: GzipAssembly.header))
            try await forEachSegment { segment in
                assembly.append(segment)
                try await write(ByteBuffer(bytes: segment.data))
            }
            try await write(ByteBuffer(bytes: assembly.trailer()))
        }
    }

    /// Whether the first page was the whole log, as it is with most: then the reply is one buffer with its length.
    var isAllHere: Bool {
        step == nil && log.segments.last.map(\.end) ?? 0 == log.size && log.segments.first.map(\.offset) ?? 0 == 0
    }

    /// The segments of some bytes of the log, nil: of all there were when it was asked for. Segments may be put together
    /// between two pages: where one reaches beyond what is wanted, it is cut.
    private func forEachSegment(in bytes: Range<Int64>? = nil, _ body: (Segment) async throws -> Void) async throws {
        let wanted = bytes ?? 0..<log.size
        var position = wanted.lowerBound
        var segments = log.segments
        if position > 0 { segments = try await page(position..<wanted.upperBound) }
        while let last = segments.last, last.end > position {
            for segment in segments where segment.end > position && segment.offset < wanted.upperBound {
                try await body(segment.clipped(to: position..<wanted.upperBound))
                position = segment.end
            }
            guard position < wanted.upperBound else { return }
            segments = try await page(position..<wanted.upperBound)
        }
    }

    private func page(_ bytes: Range<Int64>) async throws -> [Segment] {
        try await store.segments(
            of: log, from: bytes.lowerBound, before: bytes.upperBound, step: step, limit: Self.batch)
    }
}

/// The bytes of a reply, written a buffer at a time.
struct LogBody: Sendable {
    let run: @Sendable ((ByteBuffer) async throws -> Void) async throws -> Void

    init(_ run: @escaping @Sendable ((ByteBuffer) async throws -> Void) async throws -> Void) {
        self.run = run
    }

    func responseBody(length: Int?) -> ResponseBody {
        ResponseBody(contentLength: length) { writer in
            var writer = writer
            try await run { buffer in try await writer.write(buffer) }
            try await writer.finish(nil)
        }
    }

    /// All of it at once.
    func collected() async throws -> ResponseBody {
        var whole = ByteBuffer()
        try await run { buffer in
            if whole.readableBytes == 0 { whole = buffer } else { whole.writeImmutableBuffer(buffer) }
        }
        return ResponseBody(byteBuffer: whole)
    }
}
