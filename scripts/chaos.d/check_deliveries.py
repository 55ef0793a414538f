"""Checks of what was pushed and delivered."""

import collections

from checker import check


@check("every accepted delivery is builds or a reason")
def deliveries(checker):
    for repo, key, number, _ in checker.history.accepted:
        row = checker.records.deliveries.get(number)
        stored = row is not None and row["repo"] == repo and key in (None, row["key"])
        checker.expect(stored, f"{repo}: delivery {number} was accepted and is not there")
    numbers = {(build["repo"], build["number"]): build for build in checker.records.builds.values()}
    for row in checker.records.deliveries.values():
        made = [numbers.get((row["repo"], number)) for number in row["builds"]]
        is_built = row["outcome"] == "built" and made and all(b and b["delivery_id"] == row["id"] for b in made)
        is_refused = row["outcome"] == "ignored" and row["reason"] and not made
        checker.expect(
            is_built or is_refused,
            f"{row['repo']}: delivery {row['id']} is {row['outcome']} {row['builds']} {row['reason']}")


@check("a repeated delivery has the first one's result")
def repeats(checker):
    answers = collections.defaultdict(list)
    for repo, key, number, repeated in checker.history.accepted:
        if key:
            answers[(repo, key)].append((number, repeated))
    for place, given in answers.items():
        checker.expect(len({number for number, _ in given}) == 1, f"{place} was answered {given}")
        news = sum(not repeated for _, repeated in given)
        checker.expect(news <= 1, f"{place} was new {news} times")


@check("every push is built once")
def pushes(checker):
    built = collections.Counter(
        (b["repo"], b["ref"], b["commit"]) for b in checker.records.builds.values() if b["delivery_id"])
    reasons = collections.defaultdict(set)
    for row in checker.records.deliveries.values():
        reasons[row["repo"]].add(row["reason"])
    for repo, ref, commit in checker.history.pushed:
        spec = checker.history.specs[commit]
        is_branch = ref.startswith("refs/heads/")
        times, wanted = built.pop((repo, ref, commit), 0), int(is_branch and not spec.reason)
        checker.expect(times == wanted, f"{repo}: {spec.name} on {ref} is built {times} times, not {wanted}")
        if is_branch and spec.reason:
            checker.expect(
                any(spec.reason in reason for reason in reasons[repo]), f"{repo}: {spec.name} on {ref} has no reason")
    checker.expect(not built, f"builds of what was never pushed: {dict(built)}")


@check("every build has an origin")
def origins(checker):
    copies = collections.Counter((b["repo"], b["parent"]) for b in checker.records.builds.values())
    for build in checker.records.builds.values():
        if build["delivery_id"]:
            row = checker.records.deliveries.get(build["delivery_id"])
            good = row and build["number"] in row["builds"]
        else:
            place = (build["repo"], build["parent"])
            good = copies[place] <= sum(a.may_be_done for a in checker.history.actions_on(*place, "fork"))
        checker.expect(good, f"{build['repo']} build {build['number']} comes from nowhere")


@check("numbers have no gap")
def numbers(checker):
    found = collections.defaultdict(list)
    for build in checker.records.builds.values():
        found[build["repo"]].append(build["number"])
        jobs = [job.row["number"] for job in checker.records.jobs_of[build["id"]]]
        is_whole = jobs == list(range(1, len(jobs) + 1)) and jobs
        checker.expect(is_whole, f"{build['repo']} build {build['number']} has jobs {jobs}")
    for repo, numbers in found.items():
        checker.expect(numbers == list(range(1, len(numbers) + 1)), f"{repo} has builds {numbers}")
