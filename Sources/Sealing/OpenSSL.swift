import COpenSSL

/// The newest reason OpenSSL gives on this thread, whose list of errors it empties.
func libraryError(_ operation: String) -> SealingError {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "no reason given"
    return .library("\(operation): \(reason)")
}

/// Throws unless `status` is 1, OpenSSL's word for success.
func check(_ status: Int32, _ operation: String) throws {
    guard status == 1 else { throw libraryError(operation) }
}

/// The bytes where they lie if the sequence has them in one piece, else a copy.
func withBytes<Result>(
    _ bytes: some Sequence<UInt8>, _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
    let result = try bytes.withContiguousStorageIfAvailable { try body(UnsafeRawBufferPointer($0)) }
    if let result { return result }
    return try Array(bytes).withUnsafeBytes(body)
}
