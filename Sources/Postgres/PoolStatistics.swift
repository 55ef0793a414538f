/// The pool at one moment, for metrics.
package struct PoolStatistics: Sendable, Hashable {
    /// Shared connections that stand.
    package var sharedOpen = 0
    /// Statements under way on them.
    package var sharedInFlight = 0
    /// Statements waiting for one.
    package var sharedWaiting = 0
    /// Leased connections in somebody's hands.
    package var leasedInUse = 0
    /// Leased connections that stand and are free.
    package var leasedIdle = 0
    /// Tasks waiting for one.
    package var leasedWaiting = 0
    /// The listening connection stands.
    package var listening = false
    /// Statements answered since the start, on shared and leased connections, errors included.
    package var statements = 0
    /// Connections opened since the start.
    package var opened = 0
    /// Connections that failed to open or broke since the start.
    package var broken = 0
    /// Statements and leases refused because too many waited or one waited too long.
    package var refused = 0
}
