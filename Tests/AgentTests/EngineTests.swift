import Foundation
import Testing

@testable import Agent

/// What the engine's client makes of addresses, names, versions and streams; no engine is asked.
@Suite struct EngineTests {
    /// A frame of the stream: 1 is standard output, 2 is standard error.
    private func frame(_ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        return [stream, 0, 0, 0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + payload
    }

    private struct Piece: Equatable {
        var stream: UInt8
        var bytes: [UInt8]
    }

    private func pieces(_ parts: [ArraySlice<UInt8>]) throws -> (pieces: [Piece], isWhole: Bool) {
        var demultiplexer = StreamDemultiplexer()
        var pieces: [Piece] = []
        for part in parts {
            try demultiplexer.feed(part) { stream, bytes in
                if pieces.last?.stream == stream.rawValue {
                    pieces[pieces.count - 1].bytes += bytes
                } else {
                    pieces.append(Piece(stream: stream.rawValue, bytes: Array(bytes)))
                }
            }
        }
        return (pieces, demultiplexer.isAtFrameEnd)
    }

    @Test func aStreamCutAnywhereIsTheSame() throws {
        let long = [UInt8](repeating: 7, count: 300)
        let bytes = frame(1, [1, 2, 0]) + frame(2, [0xFF]) + frame(1, []) + frame(2, [9]) + frame(1, long)
        let expected = [
            Piece(stream: 1, bytes: [1, 2, 0]), Piece(stream: 2, bytes: [0xFF, 9]), Piece(stream: 1, bytes: long),
        ]
        for cut in 0...bytes.count {
            let result = try pieces([bytes[..<cut], bytes[cut...]])
            #expect(result.pieces == expected)
            #expect(result.isWhole)
        }
        #expect(try pieces(bytes.indices.map { bytes[$0...$0] }).pieces == expected)
        for end in 1..<8 { #expect(try !pieces([bytes[..<end]]).isWhole) }
        #expect(try !pieces([bytes[..<10]]).isWhole)
        #expect(try pieces([bytes[..<11]]).isWhole)
    }

    @Test(arguments: [[3, 0, 0, 0, 0, 0, 0, 1], [1, 1, 0, 0, 0, 0, 0, 1], Array("some tex".utf8)] as [[UInt8]])
    func aStreamOfSomethingElseIsRefused(_ header: [UInt8]) {
        #expect(throws: StreamDemultiplexer.Malformed(header: header)) { try pieces([header[...]]) }
    }

    @Test(arguments: [
        ("1.41", "1.12", "1.41"), ("1.47", "1.24", "1.41"), ("1.52", "1.44", "1.44"), ("1.40", "1.12", nil),
        ("2.0", "1.44", "1.44"),
    ])
    func theVersionIsOneThatBothSpeak(newest: String, oldest: String, chosen: String?) throws {
        let version = EngineVersion.choose(
            newest: try #require(EngineVersion(newest)), oldest: try #require(EngineVersion(oldest)))
        #expect(version?.description == chosen)
    }

    @Test func podmansOwnOldestVersionDoesNotCount() throws {
        let reply = #"{"Version":"4.3.1","ApiVersion":"1.41","MinAPIVersion":"4.0.0"}"#
        let about = try JSONDecoder().decode(EngineAbout.self, from: Data(reply.utf8))
        #expect(about.oldestVersion == .preferred)
    }

    @Test func addressesAreDockersOwn() throws {
        let socket = try EngineAddress(host: "unix:///run/my docker.sock")
        #expect(socket.base == "http+unix://%2Frun%2Fmy%20docker.sock")
        #expect(try EngineAddress(host: "tcp://engine:2375/").base == "http://engine:2375")
        let tls = try EngineAddress(
            environment: ["DOCKER_HOST": "tcp://engine:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"])
        #expect(tls.base == "https://engine:2376")
        #expect(tls.certificates == "/certs")
        #expect(try EngineAddress(environment: ["DOCKER_HOST": "", "DOCKER_TLS_VERIFY": ""]) == .standard)
        for wrong in ["docker.sock", "ssh://engine", "unix://relative", "tcp://", ""] {
            let error = #expect(throws: AgentError.self) { try EngineAddress(host: wrong) }
            #expect(error?.code == .engineUnavailable)
        }
    }

    @Test(arguments: [
        ("golang", "golang", "latest", ImageName.dockerHub), ("golang:1.9", "golang", "1.9", ImageName.dockerHub),
        ("team/tool", "team/tool", "latest", ImageName.dockerHub),
        ("docker.io/team/tool:2", "docker.io/team/tool", "2", ImageName.dockerHub),
        ("localhost/a/b", "localhost/a/b", "latest", "localhost"),
        ("reg.example.com:5000/a", "reg.example.com:5000/a", "latest", "reg.example.com:5000"),
        ("reg.example.com:5000/a:1@sha256:00ff", "reg.example.com:5000/a", "sha256:00ff", "reg.example.com:5000"),
    ])
    func imagesAreTakenApart(text: String, repository: String, tag: String, registry: String) throws {
        let image = try ImageName(text)
        #expect(image.repository == repository)
        #expect(image.tag == tag)
        #expect(image.registry == registry)
    }

    @Test(arguments: ["", "../containers", "a/../b", "a?b", "a b", "a#b", "a//b", "/a", "a%2Fb", "é"])
    func whatIsNoImageIsRefused(_ text: String) {
        #expect(throws: AgentError.self) { try ImageName(text) }
    }

    @Test func credentialsAreFoundByTheRegistry() throws {
        let file = """
            {"auths": {"https://index.docker.io/v1/": {"auth": "YWRhOnNlY3JldDoyPz8/"},
            "reg.example.com:5000": {"username": "bob", "password": "pw"}, "other": {"identitytoken": "t"}},
            "credsStore": "desktop"}
            """
        let credentials = try RegistryCredentials(json: Array(file.utf8))
        func fields(_ registry: String) throws -> [String: String]? {
            try credentials.header(for: registry).map { header in
                #expect(!header.contains("+") && !header.contains("/"))
                let text = header.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
                let data = try #require(Data(base64Encoded: text))
                return try JSONDecoder().decode([String: String].self, from: data)
            }
        }
        let hub = try #require(try fields(ImageName.dockerHub))
        #expect(hub == ["username": "ada", "password": "secret:2???", "serveraddress": ImageName.dockerHub])
        #expect(try fields("reg.example.com:5000")?["username"] == "bob")
        #expect(try fields("other")?["identitytoken"] == "t")
        #expect(try fields("reg.example.com") == nil)
    }

    @Test(arguments: [
        ("512m", 512 << 20, "512 MB"), ("2g", 2 << 30, "2 GB"), ("1536 MB", 1536 << 20, "1536 MB"),
        ("4096", 4096, "4 KB"), ("100b", 100, "100 bytes"), ("1K", 1024, "1 KB"),
    ])
    func sizesAreReadAndWritten(text: String, bytes: Int64, written: String) throws {
        let size = try #require(ByteSize(text))
        #expect(size.bytes == bytes)
        #expect(size.description == written)
    }

    @Test(arguments: ["", "m", "-1m", "0", "1.5g", "9999999999g", "12x"])
    func whatIsNoSizeIsRefused(_ text: String) {
        #expect(ByteSize(text) == nil)
    }
}
