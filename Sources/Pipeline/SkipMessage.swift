/// Whether the message of a push or pull request asks for no build: `[ci skip]` or `[skip ci]`, in any case, with any
/// number of spaces between the words, none included.
package func skipsCI(message: String) -> Bool {
    // Most messages have none, and need no regular expression to say so.
    message.utf8.contains(UInt8(ascii: "[")) && message.contains(/\[(?i:ci *skip|skip *ci)\]/)
}
