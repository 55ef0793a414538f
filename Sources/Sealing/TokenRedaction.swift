extension Token {
    /// The text without what looks like a token of Skep's, whole, cut or mistyped: of each only the prefix is left. For logs,
    /// which show what people send, and people send tokens in wrong places.
    package static func redacting(_ text: String) -> String {
        guard text.contains("skep") else { return text }
        return text.replacing(/(skep[aj]?)(?:_|%5[Ff])[0-9A-Za-z]{12,}/) { "\($0.1)_…" }
    }
}
