/// A column's type, by the object id that `pg_type` fixes for the built-in ones.
struct ColumnType: RawRepresentable, Hashable {
    let rawValue: UInt32

    static let bool = ColumnType(rawValue: 16)
    static let bytea = ColumnType(rawValue: 17)
    static let char = ColumnType(rawValue: 18)
    static let name = ColumnType(rawValue: 19)
    static let int8 = ColumnType(rawValue: 20)
    static let int2 = ColumnType(rawValue: 21)
    static let int4 = ColumnType(rawValue: 23)
    static let text = ColumnType(rawValue: 25)
    static let oid = ColumnType(rawValue: 26)
    static let json = ColumnType(rawValue: 114)
    static let xml = ColumnType(rawValue: 142)
    static let float4 = ColumnType(rawValue: 700)
    static let float8 = ColumnType(rawValue: 701)
    static let unknown = ColumnType(rawValue: 705)
    static let bpchar = ColumnType(rawValue: 1042)
    static let varchar = ColumnType(rawValue: 1043)
    static let date = ColumnType(rawValue: 1082)
    static let timestamp = ColumnType(rawValue: 1114)
    static let timestamptz = ColumnType(rawValue: 1184)
    static let interval = ColumnType(rawValue: 1186)
    static let numeric = ColumnType(rawValue: 1700)
    static let uuid = ColumnType(rawValue: 2950)
    static let jsonb = ColumnType(rawValue: 3802)

    /// Types a database makes for itself (enums, citext) begin here; their binary form is text wherever we meet them,
    /// and where it is not, it is refused for not being UTF-8 or not being what the caller knows.
    static let firstOfUsers: UInt32 = 16_384

    /// Arrays of bool, json, char, name, int2, int4, text, bpchar, varchar, int8, float4, float8, timestamp, date,
    /// timestamptz, uuid and jsonb.
    private static let arrays: Set<UInt32> = [
        1000, 199, 1002, 1003, 1005, 1007, 1009, 1014, 1015, 1016, 1021, 1022, 1115, 1182, 1185, 2951, 3807,
    ]

    var isArray: Bool { Self.arrays.contains(rawValue) || rawValue >= Self.firstOfUsers }

    var isText: Bool {
        switch self {
        case .text, .varchar, .bpchar, .name, .char, .json, .jsonb, .xml, .unknown: true
        default: rawValue >= Self.firstOfUsers
        }
    }
}

extension ColumnType: CustomStringConvertible {
    private static let names: [ColumnType: String] = [
        .bool: "bool", .bytea: "bytea", .char: "char", .name: "name", .int8: "int8", .int2: "int2", .int4: "int4",
        .text: "text", .oid: "oid", .json: "json", .xml: "xml", .float4: "float4", .float8: "float8",
        .unknown: "unknown", .bpchar: "bpchar", .varchar: "varchar", .date: "date", .timestamp: "timestamp",
        .timestamptz: "timestamptz", .interval: "interval", .numeric: "numeric", .uuid: "uuid", .jsonb: "jsonb",
    ]

    var description: String { Self.names[self] ?? "type \(rawValue)" }
}
