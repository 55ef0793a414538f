import FoundationEssentials

extension CommitInfo {
    /// Reads the raw text of a commit object (git's Documentation/user-manual, "Commit Object"). nil: it is not one.
    init?(id: String, raw: [UInt8]) {
        let separator = raw.firstRange(of: Array("\n\n".utf8))
        let headers = raw[..<(separator?.lowerBound ?? raw.endIndex)].split(separator: UInt8(ascii: "\n"))
        func header(_ name: String) -> ArraySlice<UInt8>? {
            headers.first { $0.starts(with: Array("\(name) ".utf8)) }?.dropFirst(name.utf8.count + 1)
        }
        guard let author = header("author").map(Signature.init(line:)),
            let committer = header("committer").map(Signature.init(line:))
        else { return nil }
        let encoding = header("encoding").map { String(decoding: $0, as: UTF8.self) }
        let message = raw[(separator?.upperBound ?? raw.endIndex)...].text(in: encoding).trimmingNewlines
        self.init(
            id: id,
            title: message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "",
            message: message,
            authorName: author.name.text(in: encoding),
            authorEmail: author.email.text(in: encoding),
            timestamp: Date(timeIntervalSince1970: Double(committer.seconds))
        )
    }
}

/// `NAME <EMAIL> SECONDS ZONE`, any part of which may be missing in what odd tools wrote.
private struct Signature {
    var name: ArraySlice<UInt8>
    var email: ArraySlice<UInt8>
    var seconds: Int64

    init(line: ArraySlice<UInt8>) {
        let open = line.firstIndex(of: UInt8(ascii: "<")) ?? line.endIndex
        let close = line.lastIndex(of: UInt8(ascii: ">")) ?? line.endIndex
        name = line[..<open]
        while name.last == UInt8(ascii: " ") { name.removeLast() }
        email = open < close ? line[open...].dropFirst().prefix(upTo: close) : []
        let rest = String(decoding: line[close...].dropFirst(), as: UTF8.self)
        // Beyond the year 9999 no database column would hold it.
        seconds = rest.split(separator: " ").first.flatMap { Int64($0) }.map { min(max($0, 0), 253_402_300_799) } ?? 0
    }
}

extension ArraySlice<UInt8> {
    /// The text in the encoding that the commit names: ISO 8859-1 or UTF-8, as which every other is read too.
    fileprivate func text(in encoding: String?) -> String {
        let latin = ["iso-8859-1", "iso8859-1", "latin1", "latin-1"].contains(encoding?.lowercased())
        let text =
            latin ? String(String.UnicodeScalarView(map { Unicode.Scalar($0) })) : String(decoding: self, as: UTF8.self)
        return text.contains("\0") ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
    }
}
