import Builds
import Postgres
import Store
import Telemetry

extension EngineMetrics {
    func write(to text: inout Exposition) {
        text.family(
            "skep_deliveries_total", .counter, "Deliveries of forges by what they were answered.",
            [
                (["result": "accepted"], Double(deliveriesAccepted.value)),
                (["result": "repeated"], Double(deliveriesRepeated.value)),
                (["result": "refused"], Double(deliveriesRefused.value)),
            ])
        text.histogram(
            "skep_delivery_age_seconds", "From the receipt of a delivery to its builds, or the reason for none.",
            [([:], deliveryAge.snapshot)])
        text.histogram(
            "skep_job_dispatch_seconds", "From the time a build was put on the queue until an agent has a job of it.",
            [([:], dispatch.snapshot)])
        text.counter("skep_leases_expired_total", "Jobs taken from agents that were lost.", leasesExpired.value)
        text.counter("skep_log_bytes_total", "Bytes of logs taken from agents, inflated.", logBytes.value)
    }
}

extension PoolStatistics {
    func write(to text: inout Exposition) {
        text.family(
            "skep_pool_connections", .gauge, "Connections of this server to the database.",
            [
                (["kind": "shared"], Double(sharedOpen)), (["kind": "leased"], Double(leasedInUse)),
                (["kind": "idle"], Double(leasedIdle)), (["kind": "listening"], listening ? 1 : 0),
            ])
        text.gauge("skep_pool_statements_in_flight", "Statements under way on shared connections.", sharedInFlight)
        text.family(
            "skep_pool_waiting", .gauge, "Statements and tasks waiting for a connection.",
            [(["kind": "shared"], Double(sharedWaiting)), (["kind": "leased"], Double(leasedWaiting))])
        text.counter("skep_pool_statements_total", "Statements answered, errors included.", statements)
        text.counter("skep_pool_connections_opened_total", "Connections opened.", opened)
        text.counter("skep_pool_connections_broken_total", "Connections that failed to open or broke.", broken)
        text.counter("skep_pool_refused_total", "Statements and leases refused for waiting too long.", refused)
    }
}

extension Load {
    func write(to text: inout Exposition) {
        text.family(
            "skep_queue_jobs", .gauge, "Jobs on the queue, counted up to \(Self.mostCounted) of a state.",
            [
                (["state": "waiting"], Double(waiting)), (["state": "held"], Double(held)),
                (["state": "running"], Double(running)),
            ])
        text.gauge("skep_queue_oldest_wait_seconds", "How long the first waiting job waits.", seconds(oldestWait))
        text.gauge("skep_intake_repositories", "Repositories with deliveries to handle.", intake)
        text.gauge("skep_intake_overdue_seconds", "How long the first of them is overdue.", seconds(oldestIntake))
        text.family(
            "skep_outbox_age_seconds", .gauge, "How long the oldest row waits to be added up.",
            [(["outbox": "usage"], seconds(usageOutbox)), (["outbox": "builds"], seconds(buildsOutbox))])
        text.gauge("skep_database_connections", "Client connections of the database server.", connections)
        text.gauge("skep_database_connections_max", "max_connections of the database server.", maximumConnections)
        text.gauge(
            "skep_database_size_bytes", "Tables and indexes, as the last vacuum or analyze saw them.", databaseBytes)
    }

    private func seconds(_ milliseconds: Int64) -> Double { Double(milliseconds) / 1000 }
}
