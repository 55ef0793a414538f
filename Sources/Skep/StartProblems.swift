import Foundation
import NIOCore
import Postgres
import Store

// What keeps a program from starting, said so that somebody can do something about it. Exit codes are those of sysexits.h:
// EX_UNAVAILABLE and EX_TEMPFAIL may pass, EX_NOPERM and EX_CONFIG do not.

extension SettingsError {
    /// What the database said, by what is to be done about it.
    init(explaining error: PostgresError) {
        let said = error.message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        switch error.sqlState ?? Self.state(of: said) {
        case "28P01", "28000":
            self.init(
                message:
                    "The database refuses the login: check user and password in database.url, and pg_hba.conf. (\(said))",
                exitCode: EX_NOPERM)
        case "3D000":
            self.init(
                message: "The database of database.url does not exist: make it, then run `skep migrate`. (\(said))",
                exitCode: EX_CONFIG)
        case "42501":
            self.init(
                message:
                    "The database login lacks a privilege: `skep serve` needs one in the role skep_server, `skep migrate` "
                    + "the schema's owner. (\(said))",
                exitCode: EX_NOPERM)
        case "53300":
            self.init(
                message:
                    "The database server has no connection left: raise max_connections or stop other clients. (\(said))",
                exitCode: EX_TEMPFAIL)
        case "53100":
            self.init(message: "The disk of the database server is full: make room. (\(said))", exitCode: EX_TEMPFAIL)
        case nil where error.isUnavailable:
            self.init(
                message: "The database cannot be reached: see that it runs and that database.url is right. (\(said))",
                exitCode: EX_UNAVAILABLE)
        default: self.init(message: "The database does not do what was asked: \(error)")
        }
    }

    /// libpq tells no SQLSTATE of a connection that was refused, only the words of the server.
    private static func state(of said: String) -> String? {
        let words = [
            ("password authentication failed", "28P01"), ("no password supplied", "28P01"),
            ("authentication failed", "28000"), ("no pg_hba.conf entry", "28000"),
            ("role .* does not exist", "28000"), ("is not permitted to log in", "28000"),
            ("database .* does not exist", "3D000"), ("permission denied for database", "42501"),
            ("too many clients", "53300"), ("too many connections", "53300"),
            ("remaining connection slots", "53300"),
        ]
        return words.first { said.range(of: $0.0, options: .regularExpression) != nil }?.1
    }

    /// An address that cannot be listened on. nil: something else went wrong.
    ///
    /// - Parameter addresses: what was to be listened on, by the name of the setting.
    init?(explaining error: any Error, listeningOn addresses: [(setting: String, address: Listen)]) {
        guard let error = error as? IOError else { return nil }
        let places = addresses.map { "\($0.setting) \($0.address.host):\($0.address.port)" }.joined(separator: " or ")
        switch error.errnoCode {
        case EADDRINUSE:
            self.init(
                message: "The address of \(places) is taken: stop what uses it (`ss -ltnp` tells), or set another.",
                exitCode: EX_UNAVAILABLE)
        case EACCES:
            self.init(
                message: "\(places) cannot be listened on: ports below 1024 need the right CAP_NET_BIND_SERVICE.",
                exitCode: EX_NOPERM)
        case EADDRNOTAVAIL:
            self.init(message: "\(places) is no address of this machine.", exitCode: EX_CONFIG)
        default: return nil
        }
    }
}

enum ServerVersion {
    /// Of PostgreSQL, as `server_version_num` has it.
    static let oldest = 150_000

    /// Throws for a server that is too old.
    static func check(_ database: Database) async throws {
        let row = try await database.first(Statement(stored: "server.version"), [])
        let number: Int = try row?.decode(at: 0) ?? 0
        guard number >= oldest else {
            throw SettingsError(
                message:
                    "The database server is PostgreSQL \(number / 10_000), and Skep needs \(oldest / 10_000) or later: "
                    + "upgrade it first.",
                exitCode: EX_CONFIG)
        }
    }
}
