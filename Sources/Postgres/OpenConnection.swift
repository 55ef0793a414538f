internal import CLibPQ

/// A connection just opened, on its way from a helper thread to the one that will use it.
///
/// `@unchecked Sendable`: libpq allows a connection on one thread at a time, and it is handed over once.
struct OpenConnection: @unchecked Sendable {
    let pointer: OpaquePointer

    func finish() {
        PQfinish(pointer)
    }
}
