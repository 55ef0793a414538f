import Core
import Pipeline
import Testing

struct MatrixTests {
    private func cells(_ matrix: String) throws -> [[String]] {
        try configuration("matrix:\(matrix)\n" + oneStep).matrix.map { cell in
            cell.environment.map { "\($0.name)=\($0.value)" }
        }
    }

    @Test(
        arguments: [
            (" {A: [1, 2], B: [x, y]}", [["A=1", "B=x"], ["A=1", "B=y"], ["A=2", "B=x"], ["A=2", "B=y"]]),
            (" {B: [x, y], A: [2, 1]}", [["B=x", "A=2"], ["B=x", "A=1"], ["B=y", "A=2"], ["B=y", "A=1"]]),
            (
                " {GO: [1.10, 0x1F, yes, 1_000, ~, '~', null]}",
                [["GO=1.10"], ["GO=0x1F"], ["GO=yes"], ["GO=1_000"], ["GO="], ["GO=~"], ["GO="]]
            ),
            ("\n  include:\n  - {B: 1, A: 2}\n  - {A: 3}\n", [["B=1", "A=2"], ["A=3"]]),
            (" {A: [1, 2, 3], include: [{Z: 26}]}", [["Z=26"]]),
            (" {Z: [1], Y: [2], X: [3], W: [4]}", [["Z=1", "Y=2", "X=3", "W=4"]]),
        ] as [(String, [[String]])])
    func isInTheOrderWritten(matrix: String, expected: [[String]]) throws {
        #expect(try cells(matrix) == expected)
    }

    @Test func withoutMatrixThereIsOneEmptyCell() throws {
        #expect(try configuration(oneStep).matrix == [MatrixCell(environment: [:])])
    }

    @Test func aHundredCellsAreFine() throws {
        let ten = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"
        let all = try cells(" {A: \(ten), B: \(ten)}")
        #expect(all.count == 100)
        #expect(all.last == ["A=9", "B=9"])
    }

    @Test(
        arguments: [
            ("matrix: 5", 1, 9, "must be a mapping"),
            ("matrix:", 1, 8, "must be a mapping"),
            ("matrix: {}", 1, 1, "is empty"),
            ("matrix:\n  GO: 1.9", 2, 7, "must be a list"),
            ("matrix:\n  A: [1]\n  GO: []", 3, 3, "has no values"),
            ("matrix:\n  GO: [1, [2]]", 2, 11, "is a list here"),
            ("matrix:\n  1GO: [1]", 2, 3, "cannot name a variable"),
            ("matrix:\n  include: {}", 2, 12, "must be a list"),
            ("matrix:\n  include: []", 2, 3, "no items"),
            ("matrix:\n  include: [1]", 2, 13, "must be a mapping"),
            ("matrix:\n  include: [{A-B: 1}]", 2, 14, "cannot name a variable"),
            ("x: &ten [0,1,2,3,4,5,6,7,8,9]", 1, 1, "no key"),
            ("x-a: &ten [0,1,2,3,4,5,6,7,8,9]\nmatrix: {A: *ten, B: *ten, C: [1, 2]}", 2, 1, "more than 100 jobs"),
        ] as [(String, Int, Int, String)])
    func errors(yaml: String, line: Int, column: Int, words: String) {
        let error = failure(of: "\(yaml)\n\(oneStep)".utf8)
        #expect(error?.line == line)
        #expect(error?.column == column)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}
