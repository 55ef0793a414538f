package import Telemetry

/// What this server has done since its start.
package struct EngineMetrics: Sendable {
    package let deliveriesAccepted = Counter()
    package let deliveriesRepeated = Counter()
    package let deliveriesRefused = Counter()
    /// From the receipt of a delivery until its outcome, of deliveries that this server handled.
    package let deliveryAge = Histogram(bounds: Histogram.ofWaits)
    /// From the time a job was put on the queue until an agent was given it.
    package let dispatch = Histogram(bounds: Histogram.ofWaits)
    package let leasesExpired = Counter()
    /// Bytes of logs, inflated.
    package let logBytes = Counter()
}
