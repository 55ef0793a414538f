import Builds
import Foundation
import Hummingbird
import NIOCore
import NIOFoundationCompat

/// Bytes a JSON body may have.
private let limit = 64 * 1024

extension Request {
    /// The body as JSON. Absent fields and unknown ones are no error; a wrong type is, and the message names the field.
    ///
    /// - Parameters:
    ///   - ifEmpty: what an empty body stands for; nil: an empty body is an error.
    ///   - atMost: bytes it may have.
    func json<T: Decodable>(_ type: T.Type, ifEmpty: T? = nil, atMost: Int = limit) async throws -> T {
        let buffer = try await body.collect(upTo: atMost)
        if buffer.readableBytes == 0, let ifEmpty { return ifEmpty }
        do {
            return try JSONDecoder().decode(type, from: Data(buffer.readableBytesView))
        } catch let error as DecodingError {
            throw Refusal.invalid(error.advice)
        }
    }
}

/// An integer. `Int` itself would do, but of `1.5` or `1e400` the decoder then tells only that the JSON is wrong, and not where.
struct WholeNumber: Decodable {
    var value: Int

    init(from decoder: any Decoder) throws {
        guard let value = try? decoder.singleValueContainer().decode(Int.self) else {
            let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "no integer")
            throw DecodingError.typeMismatch(Int.self, context)
        }
        self.value = value
    }
}

extension DecodingError {
    /// What to change, without what was sent.
    var advice: String {
        switch self {
        case .typeMismatch(let type, let context): "\(context.field) must be \(Self.word(for: type))."
        case .valueNotFound(let type, let context): "\(context.field) must be \(Self.word(for: type)), not null."
        case .keyNotFound(let key, let context): "\(context.adding(key)) is missing."
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "The body must be a JSON object." : "\(context.field) has a value that is not possible."
        @unknown default: "The body must be a JSON object."
        }
    }

    private static func word(for type: Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any FixedWidthInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is [Any].Type: "an array"
        default: "an object"
        }
    }
}

extension DecodingError.Context {
    fileprivate var field: String {
        let path = codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        return path.isEmpty ? "The body" : path
    }

    fileprivate func adding(_ key: any CodingKey) -> String {
        codingPath.isEmpty ? key.stringValue : "\(field).\(key.stringValue)"
    }
}
