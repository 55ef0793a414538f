@testable import API
import AgentProtocol
import Builds
import Core
import Foundation
import LogStream
import Sealing
import Store

/// A JSON body, read as each kind that there is.
func fuzzJSON(_ input: [UInt8]) {
    read(OwnChangePayload.self, input)
    read(UserChangePayload.self, input)
    read(NewUserPayload.self, input)
    read(MemberPayload.self, input)
    read(ServiceAccountPayload.self, input)
    read(ClaimRequest.self, input)
    read(StepUpdate.self, input)
    read(JobEnd.self, input)
    if let payload = read(RepoChangePayload.self, input) { _ = payload.change }
    if let payload = read(TenantChangePayload.self, input) { _ = payload.change }
    if let payload = read(NewTokenPayload.self, input) { _ = try? payload.request() }
    if let payload = read(SecretPayload.self, input) {
        _ = payload.change
        _ = try? payload.secret()
    }
}

/// nil: it is refused, which it must be in words.
@discardableResult
private func read<T: Decodable>(_ type: T.Type, _ input: [UInt8]) -> T? {
    do {
        return try JSONDecoder().decode(type, from: Data(input))
    } catch let error as DecodingError {
        precondition(!error.advice.isEmpty)
        return nil
    } catch {
        preconditionFailure("\(error) would be a 500")
    }
}

/// Headers, and what else of a request is read by hand.
func fuzzHeaders(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    for size in [0, 1, 1000, Int64.max] as [Int64] {
        guard let range = ByteRange(header: text) else { break }
        guard case .slice(let slice, _) = range.resolve(size: size) else { continue }
        precondition(slice.lowerBound >= 0 && slice.upperBound <= size && !slice.isEmpty)
    }
    _ = ContentCoding.preferred(acceptEncoding: text)
    _ = Credentials(authorization: text)
    _ = Credentials(token: text[...])
    _ = TenantName(text)
    _ = User.isValid(login: text)
    _ = User.isValid(email: text)
    let (line, rest) = firstLine(input)
    if let path = RepoPath(owner: line, name: String(decoding: rest, as: UTF8.self)) {
        precondition(path.isValid && !path.fullName.split(separator: "/").contains(".."))
    }
    let encoded = text.addingURLPercentEncoding()
    precondition(encoded.removingPercentEncoding == text, "\(encoded)")
    _ = MethodTable(routes: [(method: "GET", path: "/api/{owner}")])
}

/// Raw deflate as an agent sends it: the first byte is the length that it says, and the CRC-32 is right or wrong.
func fuzzSegment(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let data = Array(input.dropFirst())
    for length in [Int(first), Int(first) << 12] {
        guard let output = try? SegmentCodec.inflate(data, expectedLength: length, crc32: 0) else { continue }
        precondition(output.count == length)
    }
    let segment = Segment(offset: 0, step: 0, output: data)
    precondition((try? segment.output()) == data)
    precondition((try? SegmentCodec.check(segment.data, expectedLength: data.count, crc32: segment.crc32)) != nil)
}
