"""One run from start to verdict, and the test of the test."""

import dataclasses
import statistics
import time

import check_deliveries  # noqa: F401, in the order of the report
import check_builds  # noqa: F401
import check_logs  # noqa: F401
import workload
from check_rest import FAULTS
from checker import CHECKS, Checker
from faults import ConnectionFaults, ProcessFaults
from meddler import Meddler
from records import Records, unfinished
from world import World

# Bugs that a debug build has when it is told to, and the check that has to find each.
PLANTS = {
    "drop-segment": "logs are exact",
    "finish-twice": "attempts follow from losses and restarts",
    "lose-delivery": "every accepted delivery is builds or a reason",
}


@dataclasses.dataclass
class Verdict:
    passed: bool
    broken: dict


def run(skep, seed, options, plant=None):
    print(f"seed {seed}" + (f", planted: {plant}" if plant else ""), flush=True)
    world = World(skep, options.lease, options.slots, plant)
    try:
        world.start()
        break_things(world, seed, options.minutes)
        took = drain(world)
        checker = Checker(world, Records(world))
        passed = checker.run()
        report(world, checker, seed, options.minutes, took)
        return Verdict(passed, checker.broken)
    finally:
        world.stop()
        if options.keep:
            print(f"kept: {world.folder}")
        else:
            world.remove()


def break_things(world, seed, minutes):
    # In a short run faults come faster, so that each kind has its turn.
    hurry = 0.6 if minutes <= 2 else 1
    workers = [workload.Pusher(repo, seed, (0.5, 2.5), world) for repo in world.repositories]
    deliverer = workload.Deliverer(world.repositories, seed, (1, 3), world)
    workers += [
        deliverer,
        Meddler("meddler", world.repositories, seed, (0.2, 1), world),
        Meddler("other meddler", world.repositories, seed, (0.2, 1), world),
        workload.Gauge("gauge", seed, (1, 1), world),
    ]
    faults = [
        ProcessFaults("process faults", seed, (2 * hurry, 6 * hurry), world),
        ConnectionFaults("connection faults", seed, (0.2 * hurry, 1.2 * hurry), world),
    ]
    for thread in workers + faults:
        thread.start()
    world.stopping.wait(minutes * 60)
    await_missing_faults(world)
    world.stopping.set()
    for thread in workers:
        thread.join()
    for fault in faults:
        fault.finish()
    for worker in workers:
        if worker.failure:
            raise worker.failure
    world.recover()
    for sender in deliverer.senders:
        sender.join(30)


def await_missing_faults(world, patience=60):
    """A busy machine may need longer until each kind had its turn."""
    end = time.monotonic() + (0 if world.plant else patience)
    while time.monotonic() < end and not all(world.history.counts[kind] for kind in FAULTS):
        if world.stopping.wait(1):
            return


def drain(world, patience=240):
    """Waits until nothing waits or runs. Answers how many seconds that took; what is left is the checker's to tell."""
    began = time.monotonic()
    while time.monotonic() - began < patience:
        if not unfinished(world.database) and not any(repo.spooled() for repo in world.repositories):
            break
        time.sleep(0.5)
    return time.monotonic() - began


def report(world, checker, seed, minutes, drained):
    history, records = world.history, checker.records
    print(f"{minutes:g} minutes of faults, then {drained:.0f} s until all had ended")
    for kind in FAULTS + ["build forked"]:
        print(f"  {history.counts[kind]:6} × {kind}")
    lost = sum(attempt["error"] == "the agent was lost" for attempt in records.attempts)
    print(
        f"{len(history.pushed)} pushes, {len(records.deliveries)} deliveries, {len(records.builds)} builds, "
        f"{len(records.jobs)} jobs, {len(records.attempts)} attempts ({lost} lost), "
        f"{sum(attempt['log_size'] for attempt in records.attempts) / 1e6:.1f} MB of log")
    if checker.recoveries:
        print(
            f"{len(checker.recoveries)} attempts of killed agents were given up after "
            f"{statistics.median(checker.recoveries):.1f} s in the median, {max(checker.recoveries):.1f} s at most "
            f"(lease {world.lease} s)")
    for name, what, _ in history.surprises:
        print(f"  {name} ended by itself with {what}" if isinstance(what, int) else f"  {name} {what}")
    for name in CHECKS:
        failures = checker.broken.get(name, [])
        print(f"{'FAILED' if failures else 'ok':>6}  {name} ({checker.looked_at[name]} looked at)")
        for message in failures[:5]:
            print(f"        {message}")
        if len(failures) > 5:
            print(f"        and {len(failures) - 5} more")
    print(f"seed {seed}: {'FAILED' if checker.broken else 'passed'}", flush=True)


def self_test(skep, seed, options):
    """Every planted bug has to be found by its check."""
    missed = []
    for plant, check in PLANTS.items():
        verdict = run(skep, seed, options, plant)
        found = check in verdict.broken
        print(f"== {plant}: {'found' if found else 'MISSED'}\n", flush=True)
        if not found:
            missed.append(plant)
    return 1 if missed else 0
