"""Checks of what is left at the end, and of the run itself."""

from check_builds import LOST
from checker import check
from proxy import CUTS
from records import OPEN_STEPS, unfinished

FAULTS = CUTS + [
    "server killed", "server ended and started", "server stopped for a while", "agent killed",
    "agent ended and started", "agent stopped beyond its lease", "database killed", "database connection killed",
    "delivery repeated", "job cancelled", "build restarted",
]


@check("nothing waits or runs for ever")
def leftovers(checker):
    left = unfinished(checker.world.database)
    checker.expect(not left, f"after the end {left}")
    steps = int(checker.world.database.sql(OPEN_STEPS))
    checker.expect(steps == 0, f"{steps} steps wait or run")
    for repo in checker.world.repositories:
        checker.expect(not repo.spooled(), f"{repo.name}: the spool holds {repo.spooled()}")
    processes = checker.world.processes_left()
    checker.expect(not processes, f"processes of jobs run: {processes}")


@check("a killed agent's job is given up in time")
def recovery(checker):
    """Where nothing else stood in the way: a lease after the agent's last heartbeat, or a little later."""
    limit = checker.world.lease + 5
    for fault in checker.history.faults:
        if fault.kind != "agent killed":
            continue
        for attempt in checker.records.attempts:
            if not was_taken(attempt, fault) or is_disturbed(checker, fault.began, attempt["finished"]):
                continue
            took = attempt["finished"] - fault.began
            checker.recoveries.append(took)
            checker.expect(took <= limit, f"{fault.target}'s attempt {attempt['id']} was given up after {took:.1f} s")


def was_taken(attempt, fault):
    is_held = attempt["agent"] == fault.target and attempt["created"] < fault.began < attempt["finished"]
    return is_held and attempt["error"] == LOST


def is_disturbed(checker, begin, end):
    """Whether the database was harmed then, or more than one server: one alone rescues jobs."""
    harmed = {
        fault.target for fault in checker.history.faults if fault.began < end + 1 and (fault.ended or fault.began) > begin}
    return "database" in harmed or len([name for name in harmed if name.startswith("server")]) > 1


@check("nothing crashed, hung or was refused")
def surprises(checker):
    """A server that finds no database when it starts ends with an exit code, which is no crash."""
    for name, what, _ in checker.history.surprises:
        checker.expect(isinstance(what, int) and what >= 0, f"{name}: {what}")


@check("every kind of fault happened")
def faults(checker):
    for kind in FAULTS:
        checker.expect(checker.history.counts[kind] > 0, f"{kind}: never happened")
