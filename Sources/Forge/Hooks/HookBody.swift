import Core
import FoundationEssentials
import Sealing

extension JSONDecoder {
    /// For the bodies of forges: their names have underscores, ours do not.
    static var forHooks: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    func decode<Part: Decodable>(_ type: Part.Type, fromHook body: [UInt8]) throws(HookError) -> Part {
        do {
            return try decode(type, from: Data(body))
        } catch let error as DecodingError {
            throw .malformed("the body is not what this event looks like: \(error.place)")
        } catch {
            throw .malformed("the body is not JSON")
        }
    }
}

extension DecodingError {
    /// The field that is wrong, without its value.
    fileprivate var place: String {
        let context =
            switch self {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: Context(codingPath: [], debugDescription: "")
            }
        let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        guard case .keyNotFound(let key, _) = self else { return path.isEmpty ? "not a JSON object" : "`\(path)`" }
        return "`\(path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)")` is missing"
    }
}

extension HookRequest {
    private var isForm: Bool {
        let type = self[header: "Content-Type"]?.prefix { $0 != ";" } ?? ""
        return type.lowercased().trimmingSpaces == "application/x-www-form-urlencoded"
    }

    /// The JSON text: the body itself, or the field `payload` of a form.
    var json: [UInt8] {
        get throws(HookError) {
            guard body.count <= ForgeLimits.hookBody else { throw .tooLarge }
            guard isForm else { return body }
            let start = Array("payload=".utf8)
            guard let field = body.split(separator: UInt8(ascii: "&")).first(where: { $0.starts(with: start) }),
                let text = Self.unescaped(field.dropFirst(start.count))
            else { throw .malformed("the form has no field `payload`") }
            return text
        }
    }

    /// Reads the escapes of a form (WHATWG URL, 5.1). nil: a `%` without two hex digits.
    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let value = [UInt8](hex: String(decoding: rest.prefix(2), as: UTF8.self)), value.count == 1
                else { return nil }
                rest = rest.dropFirst(2)
                bytes.append(value[0])
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    /// The first of these headers that is there and not empty.
    func first(of names: [String]) -> String? {
        names.lazy.compactMap { self[header: $0] }.first { !$0.isEmpty }
    }

    /// A header that is 1 to 100 printable characters.
    func short(_ names: [String]) throws(HookError) -> String {
        guard let value = first(of: names), value.isShortAndPrintable else {
            throw .malformed("the header \(names[0]) is missing, or not 1 to 100 printable characters")
        }
        return value
    }
}

extension RepoPath {
    /// The path that a hook names a repository with, owner and name with a slash between.
    ///
    /// - Parameter field: where it stands, for what is said when it is wrong.
    init(hook fullName: String, on forge: String?, field: String) throws(HookError) {
        let parts = fullName.split(separator: "/", omittingEmptySubsequences: false)
        let path = RepoPath(
            forge: forge, owner: parts.dropLast().joined(separator: "/"), name: parts.last.map(String.init) ?? "")
        guard path.isValid else { throw .malformed("`\(field)` is not the name of a repository") }
        self = path
    }
}

extension String {
    /// 1 to 100 printable ASCII characters without spaces.
    var isShortAndPrintable: Bool {
        (1...100).contains(utf8.count) && utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    var trimmingSpaces: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
