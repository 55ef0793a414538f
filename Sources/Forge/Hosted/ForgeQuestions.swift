import FoundationEssentials
import NIOHTTP1
import Sealing

extension ForgeHTTP {
    /// The answer, read. nil: there is none to see (404, and what `absent` names).
    func get<Answer: Decodable>(
        _ type: Answer.Type, _ path: String, token: String? = nil, absent: Set<Int> = [404]
    ) async throws -> Answer? {
        let reply = try await send(ForgeCall(path: path, token: token))
        if absent.contains(reply.status) { return nil }
        return try decode(type, success(reply))
    }

    /// A file's bytes. nil: not there.
    func file(_ path: String, accept: String) async throws -> [UInt8]? {
        do {
            let call = ForgeCall(path: path, accept: accept, limit: ForgeLimits.file, isKept: true)
            let reply = try await send(call)
            return reply.status == 404 ? nil : try success(reply).body
        } catch let error as ForgeError where error.code == .tooLarge {
            throw ForgeError(.tooLarge, "the file is over \(ForgeLimits.file) bytes")
        }
    }

    /// All answers of a list that comes in pages, until one is not full.
    ///
    /// - Parameter path: with `?` in it, so that the page's number can follow.
    func pages<Item: Decodable>(
        _ type: Item.Type, _ path: String, size: Int, token: String? = nil
    ) async throws -> [Item] {
        var items: [Item] = []
        for page in 1...Self.pagesAtMost {
            guard let next = try await get([Item].self, "\(path)&page=\(page)", token: token) else { break }
            items += next
            if next.count < size { break }
        }
        return items
    }

    private static let pagesAtMost = 100

    /// Writes something. nil: what was to be written to is not there.
    @discardableResult
    func write(_ method: HTTPMethod, _ path: String, _ body: (some Encodable & Sendable)?) async throws -> ForgeReply? {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let bytes = try body.map { try Array(encoder.encode($0)) }
        let reply = try await send(ForgeCall(method: method, path: path, body: bytes))
        return reply.status == 404 ? nil : try success(reply)
    }

    func delete(_ path: String) async throws {
        let reply = try await send(ForgeCall(method: .DELETE, path: path))
        if reply.status != 404 { _ = try success(reply) }
    }

    private func success(_ reply: ForgeReply) throws(ForgeError) -> ForgeReply {
        if reply.isSuccess { return reply }
        let code: ForgeError.Code = reply.status == 403 ? .forbidden : .refused
        throw ForgeError(code, "the forge answered \(reply.status)", detail: reply.complaint)
    }

    private func decode<Answer: Decodable>(_ type: Answer.Type, _ reply: ForgeReply) throws(ForgeError) -> Answer {
        do {
            return try JSONDecoder.forHooks.decode(type, from: Data(reply.body))
        } catch {
            throw ForgeError(.broken, "the forge's answer is not what was asked for", detail: "\(error)")
        }
    }
}

extension String {
    /// As one part of a URL's path or query: everything but letters, digits, `-`, `.`, `_` and `~` escaped (RFC 3986, 2.3).
    var escaped: String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.unicodeScalars.append(UnicodeScalar(byte))
            default: text += "%" + [byte].hex.uppercased()
            }
        }
        return text
    }
}
