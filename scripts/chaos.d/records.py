"""What SQL and API say after a run, put together for the checker."""

import collections
import dataclasses

BUILDS = """
    select b.id, r.owner || '/' || r.name as repo, b.number, b.parent, b.status, b.error, b.commit, b.ref, b.delivery_id
    from builds b join repositories r on r.id = b.repo_id order by r.id, b.number"""

JOBS = """
    select id, build_id, number, status, attempt, exit_code, error, cancel_requested, environment ->> 'CELL' as cell
    from jobs order by build_id, number"""

ATTEMPTS = """
    select a.id, a.job_id, a.number, a.status, a.exit_code, a.error, a.log_size, g.name as agent,
        extract(epoch from a.created_at)::float as created, extract(epoch from a.started_at)::float as started,
        extract(epoch from a.finished_at)::float as finished
    from attempts a left join agents g on g.id = a.agent_id order by a.job_id, a.number"""

DELIVERIES = """
    select d.id, r.owner || '/' || r.name as repo, d.key, d.outcome, d.reason, d.builds
    from deliveries d join repositories r on r.id = d.repo_id order by d.id"""

# How far the pieces of each log go, and whether each begins where the one before it ends.
SEGMENTS = """
    select attempt_id, sum(length)::bigint as size, bool_and("offset" = before) as whole
    from (
        select attempt_id, "offset", length,
            coalesce(sum(length) over (
                partition by attempt_id order by "offset"
                rows between unbounded preceding and 1 preceding), 0) as before
        from log_segments) pieces
    group by attempt_id"""

# What tenants used by the accounts, and by the history.
USE = """
    select
        (select coalesce(sum(builds), 0) from tenant_usage)::bigint
            + (select coalesce(sum(builds), 0) from usage_outbox)::bigint as builds,
        (select coalesce(sum(log_bytes), 0) from tenant_usage)::bigint
            + (select coalesce(sum(log_bytes), 0) from usage_outbox)::bigint as bytes,
        (select coalesce(sum(job_seconds), 0) from tenant_usage)::bigint
            + (select coalesce(sum(job_seconds), 0) from usage_outbox)::bigint as seconds,
        (select count(*) from builds) as builds_made,
        (select sum(log_size)::bigint from attempts) as bytes_logged,
        (select sum(ceil(coalesce(extract(epoch from finished_at - started_at), 0)))::bigint from attempts)
            as seconds_run"""

# Everything that has not come to its end.
UNFINISHED = {
    "deliveries wait": "select count(*) from deliveries where outcome = 'waiting'",
    "repositories have deliveries to handle": "select count(*) from intake",
    "jobs are on the queue": "select count(*) from queue",
    "leases are held": "select count(*) from leases",
    "builds wait or run": "select count(*) from builds where status in ('pending', 'running')",
    "jobs wait or run": "select count(*) from jobs where status in ('pending', 'running')",
    "attempts wait or run": "select count(*) from attempts where status in ('pending', 'running')",
}
OPEN_STEPS = "select count(*) from steps where status in ('pending', 'running')"


@dataclasses.dataclass
class Job:
    row: dict
    build: dict
    attempts: list

    @property
    def place(self):
        return f"{self.build['repo']} build {self.build['number']} job {self.row['number']}"


class Records:
    def __init__(self, world):
        database = world.database
        self.builds = {row["id"]: row for row in database.rows(BUILDS)}
        attempts = collections.defaultdict(list)
        for row in database.rows(ATTEMPTS):
            attempts[row["job_id"]].append(row)
        self.jobs = [
            Job(row, self.builds[row["build_id"]], attempts[row["id"]]) for row in database.rows(JOBS)]
        self.jobs_of = collections.defaultdict(list)
        for job in self.jobs:
            self.jobs_of[job.build["id"]].append(job)
        self.deliveries = {row["id"]: row for row in database.rows(DELIVERIES)}
        self.segments = {row["attempt_id"]: row for row in database.rows(SEGMENTS)}
        self.shown = {repo.name: world.api.all_builds(repo.name) for repo in world.repositories}
        with open(world.counter) as file:
            lines = file.read().split()
        # A workspace is FOLDER/ATTEMPT/workspace.
        self.effects = collections.Counter(int(line.split("/")[-2]) for line in lines)

    @property
    def attempts(self):
        return [attempt for job in self.jobs for attempt in job.attempts]


def unfinished(database):
    """What still waits or runs, as text; empty when nothing does."""
    columns = ", ".join(f'({query}) as "{name}"' for name, query in UNFINISHED.items())
    row = database.rows(f"select {columns}")[0]
    return ", ".join(f"{count} {name}" for name, count in row.items() if count)
