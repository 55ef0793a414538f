import FoundationEssentials

/// The protected header of a JWE (RFC 7516, section 4): how the content key is wrapped, and how long it is.
struct JWEHeader {
    let wrapping: OAEP
    let contentKeyLength: Int
    let keyID: String?

    /// A thumbprint has 43; the limit only keeps errors short.
    private static let maximumKeyIDLength = 100
    private static let maximumLength = 2048

    static func written(keyID: String) -> [UInt8] {
        Array(#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"\#(keyID)"}"#.utf8)
    }

    init(_ json: [UInt8]) throws {
        let members = try Self.members(json)
        if let refused = members.refused { throw Self.malformed("has \(refused), which is not understood") }
        (wrapping, contentKeyLength) = try Self.algorithms(members)
        keyID = members.kid
        guard keyID?.utf8.count ?? 0 <= Self.maximumKeyIDLength else { throw Self.malformed("has too long a kid") }
    }

    private static func algorithms(_ members: Members) throws -> (OAEP, Int) {
        switch (members.alg, members.enc, members.kid) {
        case ("RSA-OAEP-256", "A256GCM", _): (.sha256, 32)
        case ("RSA-OAEP", "A256GCM", nil): (.sha1, 32)
        case ("RSA-OAEP", "A128GCM", nil): (.sha1, 16)
        default: throw malformed("is not RSA-OAEP-256 with A256GCM, nor RSA-OAEP with A128GCM or A256GCM and no kid")
        }
    }

    private static func members(_ json: [UInt8]) throws -> Members {
        guard json.count <= maximumLength else { throw malformed("is too long") }
        // The decoder would read UTF-16 and UTF-32 as well; a header is UTF-8, in which no zero byte occurs.
        guard json.first == UInt8(ascii: "{"), !json.contains(0) else { throw malformed("is not a JSON object") }
        guard let members = try? JSONDecoder().decode(Members.self, from: Data(json)) else {
            throw malformed("is not a JSON object with alg and enc")
        }
        // The decoder takes the first of two members of one name, other readers the last (RFC 7515, section 4).
        guard JSONMembers.areUnique(in: json) else { throw malformed("has a member twice") }
        return members
    }

    private static func malformed(_ reason: String) -> SealingError {
        .malformed("the header \(reason)")
    }

    private struct Members: Decodable {
        let alg: String
        let enc: String
        let kid: String?
        /// The name of a member that changes how the rest is read.
        let refused: String?

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case alg, enc, kid, zip, crit
        }

        init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: CodingKeys.self)
            alg = try object.decode(String.self, forKey: .alg)
            enc = try object.decode(String.self, forKey: .enc)
            kid = object.contains(.kid) ? try object.decode(String.self, forKey: .kid) : nil
            refused = [CodingKeys.zip, .crit].first(where: object.contains)?.rawValue
        }
    }
}
