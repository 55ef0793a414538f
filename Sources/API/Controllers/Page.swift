import Builds
import HTTPTypes
import Hummingbird

/// `?limit=&after=` of a list.
struct Page {
    var limit: Int
    var after: String

    init(_ request: Request, limits: ClosedRange<Int>, standard: Int) throws {
        limit = try request.integer("limit", in: limits) ?? standard
        after = request.query("after") ?? ""
    }
}

/// `?limit=&after=` of a list that goes up by id.
struct IDPage {
    /// 1 to 1000, 100 unless given.
    var limit: Int
    var after: Int64

    init(_ request: Request) throws {
        limit = try request.integer("limit", in: 1...1000) ?? 100
        after = try request.integer("after", in: 0...Int64.max) ?? 0
    }

    /// The items as an array, each written by `write`, and a link to the next page where there may be one.
    ///
    /// - Parameter bytes: about how many one takes.
    func response<Item>(
        to request: Request, _ items: [Item], bytes: Int, id: (Item) -> Int64,
        write: (inout JSONWriter, Item) -> Void
    ) -> Response {
        var json = JSONWriter(capacity: 64 + items.count * bytes)
        json.array(items, write)
        var response = Response(json)
        if items.count == limit, let last = items.last { response.link(next: request, "after", String(id(last))) }
        return response
    }
}

extension Request {
    /// A query parameter, decoded. nil: not there.
    func query(_ name: String) -> String? {
        uri.queryParameters[name[...]].map(String.init)
    }

    /// nil: not there. Throws `invalid` outside the range.
    func integer<T: FixedWidthInteger>(_ name: String, in range: ClosedRange<T>) throws -> T? {
        guard let text = query(name) else { return nil }
        guard let number = T(text), range.contains(number) else {
            let most = range.upperBound == T.max ? "or more" : "to \(range.upperBound)"
            throw Refusal.invalid("\(name) must be a whole number, \(range.lowerBound) \(most).")
        }
        return number
    }

    /// `true`, `1`, `t` and the like; an absent one is false.
    func flag(_ name: String) throws -> Bool {
        guard let text = query(name) else { return false }
        switch text.lowercased() {
        case "true", "t", "1", "": return true
        case "false", "f", "0": return false
        default: throw Refusal.invalid("\(name) must be true or false.")
        }
    }
}

extension Response {
    /// `Link: <…>; rel="next"` (RFC 8288) to the same address with one parameter changed. A token is not repeated in it.
    mutating func link(next request: Request, _ name: String, _ value: String) {
        var query = request.uri.queryParameters
            .filter { $0.key != Substring(name) && $0.key != "access_token" }
            .map { "\(String($0.key).addingURLPercentEncoding())=\(String($0.value).addingURLPercentEncoding())" }
        query.append("\(name)=\(value.addingURLPercentEncoding())")
        headers[.link] = "<\(request.uri.path)?\(query.joined(separator: "&"))>; rel=\"next\""
    }
}

extension String {
    /// Percent-encoded for a query (RFC 3986, 3.4): everything but unreserved characters.
    func addingURLPercentEncoding() -> String {
        var encoded = ""
        for byte in utf8 {
            let isUnreserved =
                (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A && byte < 0x7B) || (0x30...0x39).contains(byte)
                || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
            if isUnreserved {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}

extension HTTPField.Name {
    // A name that is a token by RFC 9110, 5.1.
    // swift-format-ignore: NeverForceUnwrap
    static let link = HTTPField.Name("Link")!
}
