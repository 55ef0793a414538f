"""Checks of what jobs printed and left behind."""

import re

from checker import check
from records import USE


@check("logs are exact")
def logs(checker):
    for job in checker.records.jobs:
        for attempt in job.attempts:
            where = f"{job.place} attempt {attempt['number']} ({attempt['status']})"
            problem = problem_of_pieces(checker, attempt) or problem_of_log(checker, job, attempt)
            checker.expect(not problem, f"{where}: {problem}")


def problem_of_pieces(checker, attempt):
    """What is wrong with a log as it is stored."""
    pieces = checker.records.segments.get(attempt["id"], {"size": 0, "whole": True})
    if pieces["whole"] and pieces["size"] == attempt["log_size"]:
        return None
    return f"pieces of {pieces['size']} bytes of {attempt['log_size']}, without a gap: {pieces['whole']}"


def problem_of_log(checker, job, attempt):
    """What is wrong with a log as the API shows it; every second one is asked for compressed."""
    number = None if attempt["number"] == job.row["attempt"] else attempt["number"]
    try:
        text = checker.world.api.log(
            job.build["repo"], job.build["number"], job.row["number"], number, packed=attempt["id"] % 2 == 0)
    except Exception as error:
        return f"cannot be read: {error}"
    spec = checker.history.specs[job.build["commit"]]
    if len(text) != attempt["log_size"]:
        return f"{len(text)} bytes of {attempt['log_size']}"
    if spec.kind == "broken":
        return None if text.startswith(b"skep: .drone.yml") else text[:100]
    expected = spec.log(job.row["cell"])
    is_whole = attempt["status"] in ("success", "failure")
    is_right = text == expected if is_whole else is_prefix(text, expected)
    return None if is_right else difference(text, expected)


def is_prefix(text, expected):
    """What was printed so far, perhaps with one line of Skep's own at its end."""
    said = re.search(rb"skep: [^\n]*\n\Z", text)
    return expected.startswith(text) or (said is not None and expected.startswith(text[: said.start()]))


def difference(text, expected):
    shorter = min(len(text), len(expected))
    same = next((index for index in range(shorter) if text[index] != expected[index]), shorter)
    return (
        f"{len(text)} bytes, expected {len(expected)}; they part at {same}: "
        f"{text[same:same + 60]!r}, expected {expected[same:same + 60]!r}")


@check("side effects are no more than attempts")
def effects(checker):
    left = checker.records.effects
    known = {attempt["id"] for attempt in checker.records.attempts}
    for attempt, count in left.items():
        checker.expect(count == 1 and attempt in known, f"attempt {attempt} left {count} lines")
    for job in checker.records.jobs:
        for attempt in job.attempts:
            if attempt["status"] in ("success", "failure"):
                count = left[attempt["id"]]
                checker.expect(count == 1, f"{job.place} attempt {attempt['number']} left {count} lines")
        count = sum(left[attempt["id"]] for attempt in job.attempts)
        checker.expect(count <= len(job.attempts), f"{job.place}: {count} lines of {len(job.attempts)} attempts")


@check("use is counted once")
def use(checker):
    row = checker.world.database.rows(USE)[0]
    for counted, found in [("builds", "builds_made"), ("bytes", "bytes_logged"), ("seconds", "seconds_run")]:
        checker.expect(row[counted] == row[found], f"{row[counted]} {counted} are counted of {row[found]}")
