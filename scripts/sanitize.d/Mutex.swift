import Glibc

/// Stands in for `Synchronization.Mutex` under the thread sanitizer, which cannot see that one: it hands itself over in the
/// kernel (FUTEX_LOCK_PI), and everything that it guards would be reported. `scripts/sanitize` puts this into each module.
struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private final class Place {
        var lock = pthread_mutex_t()
        var value: Value

        init(_ value: consuming Value) {
            self.value = value
            pthread_mutex_init(&lock, nil)
        }

        deinit { pthread_mutex_destroy(&lock) }
    }

    private let place: Place

    init(_ value: consuming sending Value) {
        place = Place(value)
    }

    func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(&place.lock)
        defer { pthread_mutex_unlock(&place.lock) }
        return try body(&place.value)
    }
}
