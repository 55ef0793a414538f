import NIOHTTP1

extension EngineClient {
    /// Makes an image of an archive of files, as `docker import` does.
    package func importImage(_ archive: [UInt8], as name: String) async throws {
        let image = try ImageName(name)
        // The tag with the name: podman does not look at a `tag` beside it.
        let repository = "\(image.repository):\(image.tag)"
        var request = EngineRequest(.POST, "/images/create", query: [("fromSrc", "-"), ("repo", repository)])
        request.body = archive
        try await bytes(request)
    }

    package func removeImage(_ name: String) async throws {
        try await bytes(EngineRequest(.DELETE, "/images/\(try ImageName(name))"))
    }
}
