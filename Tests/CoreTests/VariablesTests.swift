import Core
import Foundation
import Testing

@Suite struct VariablesTests {
    @Test func theOrderIsAsWritten() {
        var variables: Variables = ["B": "1", "A": "2", "B": "3"]
        #expect(variables.map(\.name) == ["B", "A"])
        #expect(variables["B"] == "3" && variables["C"] == nil)
        variables["A"] = nil
        variables["A"] = "4"
        variables["B"] = "5"
        #expect(variables.map(\.name) == ["B", "A"] && variables.map(\.value) == ["5", "4"])
        variables["Z"] = nil
        #expect(variables.count == 2 && !variables.isEmpty)
        #expect(Variables().isEmpty)
    }

    @Test func aMergeKeepsPlacesAndTakesValues() {
        let merged = (["A": "1", "B": "2"] as Variables).merging(["C": "3", "A": "4"])
        #expect(merged.map { "\($0.name)=\($0.value)" } == ["A=4", "B=2", "C=3"])
    }

    @Test func jsonKeepsTheOrder() throws {
        let variables: Variables = ["Z": "1", "A\"": "line\nend", "M": ""]
        #expect(variables.json == #"{"Z":"1","A\"":"line\nend","M":""}"#)
        #expect(Variables().json == "{}")
        let coded = try JSONDecoder().decode(Variables.self, from: JSONEncoder().encode(variables))
        #expect(coded == variables && coded.map(\.name) == ["Z", "A\"", "M"])
    }

    @Test func noPairsIsNoVariables() {
        for json in [#"{"A":"1"}"#, #"[["A"]]"#, #"[["A",1]]"#, #"["A"]"#] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(Variables.self, from: Data(json.utf8)) }
        }
    }
}

@Suite struct JSONStringTests {
    /// Every character below U+3000, and some of each kind above.
    @Test func foundationReadsWhatIsWritten() throws {
        let scalars = (0..<0x3000).compactMap(Unicode.Scalar.init) + ["\u{FFFD}", "\u{FFFF}", "😀", "\u{10FFFF}"]
        for scalar in scalars {
            let text = "a\(Character(scalar))b"
            let read = try JSONSerialization.jsonObject(with: Data(text.asJSON.utf8), options: .fragmentsAllowed)
            #expect(
                (read as? String)?.unicodeScalars.elementsEqual(text.unicodeScalars) == true,
                "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test(arguments: [
        ("", #""""#), ("a", #""a""#), ("\"", #""\"""#), ("\\", #""\\""#), ("\n\r\t", #""\n\r\t""#),
        ("\0", #""\u0000""#),
        ("\u{1F}", #""\u001f""#), ("\u{7F}", "\"\u{7F}\""), ("/", #""/""#), ("é日😀", #""é日😀""#),
        ("\u{2028}", "\"\u{2028}\""),
        ("\r\n", #""\r\n""#),
    ])
    func onlyWhatMustBeIsEscaped(text: String, json: String) {
        #expect(text.asJSON.utf8.elementsEqual(json.utf8))
    }

    @Test func everyControlCharacterIsEscaped() {
        for value in 0..<UInt8(0x20) {
            let json = String(UnicodeScalar(value)).asJSON
            #expect(json.hasPrefix("\"\\") && json.utf8.allSatisfy { $0 >= 0x20 })
        }
    }
}
