import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Reference
import Sealing

/// What this API is, for programs and for people.
struct ReferenceController: Sendable {
    func document(_ request: Request, _ context: AppContext) async throws -> Response {
        Self.document.response
    }

    func page(_ request: Request, _ context: AppContext) async throws -> Response {
        Self.page.response
    }

    private static let document = Fixed(APIDocument.json, "application/json; charset=utf-8")

    private static let page = Fixed(
        APIDocument.page, "text/html; charset=utf-8",
        headers: [
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'sha256-\(Data(Digest.sha256(APIDocument.style.utf8)).base64EncodedString())'; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ])

    /// A reply that is always the same.
    private struct Fixed {
        private let body: ByteBuffer
        private let headers: HTTPFields

        init(_ text: String, _ type: String, headers: HTTPFields = [:]) {
            body = ByteBuffer(string: text)
            var headers = headers
            headers[.contentType] = type
            headers[.eTag] = EntityTag.of(body)
            self.headers = headers
        }

        var response: Response {
            Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
        }
    }
}
