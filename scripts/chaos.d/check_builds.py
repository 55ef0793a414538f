"""Checks of how builds and jobs ended."""

import collections

from checker import check

LOST = "the agent was lost"
# By an agent that was told to end: another runs the job again, and that is no loss.
HANDED_BACK = "the agent stopped"
RANK = ["error", "killed", "failure", "success"]


def is_lost(attempt):
    """Begun, and taken from its agent."""
    return attempt["error"] == LOST and attempt["started"] is not None


def times_restarted(checker, job):
    asked = checker.history.actions_on(job.build["repo"], job.build["number"], "restart")
    return sum(action.may_be_done for action in asked)


@check("API and SQL say the same")
def agreement(checker):
    stored = collections.defaultdict(dict)
    for build in checker.records.builds.values():
        stored[build["repo"]][build["number"]] = build
    for repo, builds in checker.records.shown.items():
        numbers = {build["number"] for build in builds}
        checker.expect(numbers == set(stored[repo]), f"{repo}: the API lists other builds")
        for shown in builds:
            build = stored[repo][shown["number"]]
            jobs = [(job.row["status"], job.row["attempt"]) for job in checker.records.jobs_of[build["id"]]]
            same = shown["status"] == build["status"] and jobs == [(j["status"], j["attempt"]) for j in shown["jobs"]]
            where = f"{repo} build {shown['number']}"
            checker.expect(same, f"{where}: the API says {shown['status']}, SQL {build['status']}")


@check("every end is explained")
def ends(checker):
    for build in checker.records.builds.values():
        found = [job.row["status"] for job in checker.records.jobs_of[build["id"]]]
        expected = next((status for status in RANK if status in found), None)
        checker.expect(
            build["status"] == expected, f"{build['repo']} build {build['number']} is {build['status']} with {found}")
    for job in checker.records.jobs:
        problem = unexplained(checker, job)
        checker.expect(not problem, f"{job.place} is {job.row['status']}: {problem}")


def unexplained(checker, job):
    """Why the job's state does not follow from what happened; nothing when it does."""
    row, spec = job.row, checker.history.specs[job.build["commit"]]
    if row["status"] == "killed":
        asked = checker.history.actions_on(job.build["repo"], job.build["number"], "cancel")
        is_asked = any(action.job == row["number"] and action.may_be_done for action in asked)
        # What waits or runs for a branch is cancelled when the branch is deleted.
        is_gone = (job.build["repo"], job.build["ref"]) in checker.history.deleted
        return None if is_asked or is_gone else "nobody cancelled it"
    last = job.attempts[-1] if job.attempts else {"number": 0, "status": "missing"}
    if (last["number"], last["status"]) != (row["attempt"], row["status"]):
        return f"its last attempt is {last['number']}, {last['status']}, and not {row['attempt']}"
    if row["status"] == "error":
        return unexplained_error(job, spec)
    if spec.kind == "broken" or (row["status"] == "success") != (spec.code == 0) or row["exit_code"] != spec.code:
        return f"exit code {row['exit_code']}, not {spec.code}"
    return None


def unexplained_error(job, spec):
    if spec.kind == "broken":
        return None if ".drone.yml" in job.row["error"] else job.row["error"]
    lost = sum(map(is_lost, job.attempts))
    return None if job.row["error"] == f"{LOST}, 2 times" and lost >= 2 else f"{job.row['error']}; lost {lost} times"


@check("attempts follow from losses and restarts")
def attempts(checker):
    for job in checker.records.jobs:
        numbers = [attempt["number"] for attempt in job.attempts]
        checker.expect(numbers == sorted(set(numbers)), f"{job.place} has attempts {numbers}")
        restarts = times_restarted(checker, job)
        ended = sum(attempt["error"] not in (LOST, HANDED_BACK) for attempt in job.attempts)
        checker.expect(ended <= 1 + restarts, f"{job.place} ended {ended} times with {restarts} restarts")
        lost = sum(map(is_lost, job.attempts))
        checker.expect(lost <= 2 * (1 + restarts), f"{job.place} was lost {lost} times with {restarts} restarts")


@check("accepted restarts and copies are done")
def accepted_actions(checker):
    stored = {(build["repo"], build["number"]): build for build in checker.records.builds.values()}
    for action in checker.history.actions:
        if not action.is_done or not action.reply:
            continue
        if action.kind == "fork":
            number = action.reply["number"]
            copy = stored.get((action.repo, number))
            checker.expect(copy and copy["parent"] == action.build, f"{action.repo}: copy {number} is not there")
        elif action.kind == "restart":
            for job in checker.records.jobs_of[stored[(action.repo, action.build)]["id"]]:
                before = action.reply["jobs"][job.row["number"] - 1]["attempt"]
                ran = job.row["attempt"] > before or job.row["status"] == "killed"
                checker.expect(ran, f"{job.place} was restarted after attempt {before} and did not run")
