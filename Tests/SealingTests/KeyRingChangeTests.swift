import Sealing
import Testing

@Suite struct KeyRingChangeTests {
    @Test func `a key is added at the end or at the top`() throws {
        let text = "# ours\n" + (try KeyRing.generate(id: "old")).trimmed
        let opens = try KeyRing.adding(id: "new", to: text, asCurrent: false)
        #expect(opens.hasPrefix(text + "\n"))
        #expect(try KeyRing(text: opens).keyIDs == ["old", "new"])
        let seals = try KeyRing.adding(id: "new", to: text, asCurrent: true)
        #expect(seals.hasSuffix(text))
        #expect(try KeyRing(text: seals).keyIDs == ["new", "old"])
    }

    @Test(arguments: ["old", "", "NEW", "a b"]) func `an id that cannot be added`(id: String) throws {
        let text = try KeyRing.generate(id: "old")
        #expect(throws: SealingError.self) { try KeyRing.adding(id: id, to: text, asCurrent: true) }
    }

    @Test func `what is no ring gets no key`() {
        #expect(throws: SealingError.self) { try KeyRing.adding(id: "new", to: "", asCurrent: false) }
    }

    @Test func `sealed again with the current key`() throws {
        let old = try KeyRing.generate(id: "old")
        let sealed = try KeyRing(text: old).seal([1, 2, 3], context: "here")
        let ring = try KeyRing(text: KeyRing.adding(id: "new", to: old, asCurrent: true))
        let again = try ring.reseal(sealed, context: "here")
        #expect(again.keyID == "new")
        #expect(try ring.open(again, context: "here") == [1, 2, 3])
        #expect(throws: SealingError.authenticationFailed) { try ring.reseal(sealed, context: "there") }
    }

    @Test(
        arguments: [
            [UInt8](repeating: 0, count: 32), Array(0..<32), (0..<32).map { UInt8(255 - $0 * 3) },
            Array("correct horse battery staple 123".utf8), Array(repeating: [1, 2, 3, 4], count: 8).flatMap { $0 },
        ] as [[UInt8]])
    func `a key that somebody made up`(bytes: [UInt8]) throws {
        let random = try KeyRing.generate(id: "good")
        let ring = try KeyRing(text: random + "typed \(bytes.base64)\n")
        #expect(throws: SealingError.weakKey("typed")) { try ring.requireRandomKeys() }
        try KeyRing(text: random).requireRandomKeys()
    }
}

extension String {
    fileprivate var trimmed: String { String(dropLast(while: \.isNewline)) }

    private func dropLast(while predicate: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let last = rest.last, predicate(last) { rest.removeLast() }
        return rest
    }
}
