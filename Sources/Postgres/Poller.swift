internal import CLibPQ
internal import Glibc

/// epoll (epoll(7)), level-triggered, with an eventfd to be woken by.
///
/// `wake` may be called from any thread, everything else from one.
struct Poller: Sendable {
    struct Event {
        let token: UInt64
        let readable: Bool
    }

    /// The token of `wake`, which the events leave out.
    private static let wakeToken = UInt64.max
    private let poll: Int32
    private let bell = Bell()

    init() {
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(poll >= 0, "no file descriptors left for the database's loop")
        add(bell.descriptor, token: Self.wakeToken)
    }

    /// `wake` may still be called, and does nothing.
    func close() {
        _ = Glibc.close(poll)
    }

    func wake() {
        bell.ring()
    }

    func add(_ descriptor: Int32, token: UInt64) {
        control(EPOLL_CTL_ADD, descriptor, token, writable: false)
    }

    func watch(_ descriptor: Int32, token: UInt64, writable: Bool) {
        control(EPOLL_CTL_MOD, descriptor, token, writable: writable)
    }

    func remove(_ descriptor: Int32) {
        control(EPOLL_CTL_DEL, descriptor, 0, writable: false)
    }

    /// Waits for something to happen, at most for so many milliseconds, without end for -1.
    func wait(milliseconds: Int32) -> [Event] {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { buffer in
            let count = epoll_wait(poll, buffer.baseAddress, 64, milliseconds)
            return (0..<max(0, Int(count))).compactMap { event(buffer[$0]) }
        }
    }

    private func event(_ event: epoll_event) -> Event? {
        let token = event.data.u64
        guard token != Self.wakeToken else {
            bell.silence()
            return nil
        }
        let other = EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue | EPOLLRDHUP.rawValue
        return Event(token: token, readable: event.events & other != 0)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ token: UInt64, writable: Bool) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | (writable ? EPOLLOUT.rawValue : 0)
        event.data.u64 = token
        _ = epoll_ctl(poll, operation, descriptor, &event)
    }
}

/// An eventfd (eventfd(2)), open as long as somebody may ring it.
private final class Bell: Sendable {
    let descriptor: Int32

    init() {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        precondition(descriptor >= 0, "no file descriptors left for the database's loop")
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    func ring() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    func silence() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}
