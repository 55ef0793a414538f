"""What teams do all the time: push, deliver, repeat, cancel, restart, fork."""

import random
import subprocess
import threading

from chance import Bag
from history import Action


class Worker(threading.Thread):
    """Does one thing again and again until it is stopped, with randomness of its own."""

    def __init__(self, name, seed, pauses, world):
        super().__init__(name=name, daemon=True)
        self.randomness = random.Random(f"{seed}/{name}")
        self.pauses = pauses
        self.world = world
        self.history = world.history
        self.stopping = world.stopping
        self.failure = None

    def run(self):
        try:
            while not self.stopping.wait(self.randomness.uniform(*self.pauses)):
                self.act()
        except Exception as error:
            self.failure = error
            self.stopping.set()


class Pusher(Worker):
    """Pushes to one repository with git, while not too much waits."""

    def __init__(self, repo, *arguments):
        super().__init__(f"pusher of {repo.name}", *arguments)
        self.repo = repo
        self.topics = []

    def act(self):
        if self.world.backlog > self.world.most_waiting:
            return
        with self.repo.lock:
            dice = self.randomness.random()
            if dice < 0.08 and self.topics:
                self.repo.delete(self.topics.pop())
                return
            commit = self.repo.commit(self.randomness)
            self.repo.push(commit, *self.refs(dice))

    def refs(self, dice):
        """Where a commit goes: mostly to main, else to a new branch, to both, or to a tag."""
        topic = f"refs/heads/topic-{self.repo.made}"
        if dice < 0.75:
            return ["refs/heads/main"]
        if dice > 0.97:
            return [f"refs/tags/v{self.repo.made}"]
        self.topics.append(topic)
        return [topic] if dice < 0.92 else ["refs/heads/main", topic]


class Deliverer(Worker):
    """Tells of branches by hand, several at once, each several times, as forges do that got no answer."""

    def __init__(self, repos, *arguments):
        super().__init__("deliverer", *arguments)
        self.repos = repos
        self.sent = []
        self.senders = []

    def act(self):
        if self.randomness.random() < 0.3 and self.sent:
            self.send(*self.randomness.choice(self.sent), copies=2)
            return
        if self.world.backlog > self.world.most_waiting:
            return
        repo = self.randomness.choice(self.repos)
        for _ in range(self.randomness.choice([1, 1, 2, 6])):
            self.send(repo, *self.announce(repo), copies=self.randomness.choice([1, 2, 3]))

    def announce(self, repo):
        with repo.lock:
            commit = repo.commit(self.randomness)
            ref = f"refs/heads/told-{repo.made}"
            repo.move_silently(commit, ref)
        self.history.add("pushed", (repo.name, ref, commit))
        body, headers = repo.delivery(commit, ref)
        self.sent.append((repo, body, headers))
        return body, headers

    def send(self, repo, body, headers, copies):
        if copies > 1:
            self.history.moment("delivery repeated", headers["X-Skep-Delivery"])
        self.senders = [sender for sender in self.senders if sender.is_alive()]
        for _ in range(copies):
            sender = threading.Thread(target=self.insist, args=(repo.name, body, headers), daemon=True)
            sender.start()
            self.senders.append(sender)

    def insist(self, repo, body, headers):
        """Until it is accepted: who gets no answer sends it again."""
        while not self.world.closed.is_set():
            status, reply = self.world.api.json("POST", "/hook", body=body, headers=headers)
            if status == 202 and reply:
                self.history.add("accepted", (repo, headers["X-Skep-Delivery"], reply["delivery"], reply["repeated"]))
                return
            if status is not None and 400 <= status < 500:
                self.history.add("surprises", (f"a delivery to {repo}", f"was answered {status}", self.history.now()))
                return
            self.world.closed.wait(0.5)


class Meddler(Worker):
    """Cancels what waits and runs, restarts what has ended, makes copies."""

    def __init__(self, name, repos, *arguments):
        super().__init__(name, *arguments)
        self.repos = repos
        self.bag = Bag(["cancel", "cancel", "restart", "restart", "fork"], self.randomness)
        self.wish = None

    def act(self):
        """One after the other, each as soon as there is a build for it."""
        repo = self.randomness.choice(self.repos).name
        self.wish = self.wish or self.bag.draw()
        fitting = [build for build in self.world.api.builds(repo) if self.fits(build)]
        if not fitting or (self.wish != "cancel" and self.world.backlog > self.world.most_waiting):
            return
        getattr(self, self.wish)(repo, self.randomness.choice(fitting))
        self.wish = None

    def fits(self, build):
        unfinished = any(job["status"] in ("pending", "running") for job in build["jobs"])
        return {"cancel": unfinished, "restart": not unfinished and not build["error"], "fork": True}[self.wish]

    def cancel(self, repo, build):
        jobs = [job["number"] for job in build["jobs"] if job["status"] in ("pending", "running")]
        number, job = build["number"], self.randomness.choice(jobs)
        self.ask(Action("cancel", repo, number, job), "DELETE", f"/api/repos/{repo}/logs/{number}/{job}")
        self.history.moment("job cancelled", f"{repo}/{number}/{job}")

    def restart(self, repo, build):
        number = build["number"]
        self.ask(Action("restart", repo, number), "POST", f"/api/repos/{repo}/builds/{number}")
        self.history.moment("build restarted", f"{repo}/{number}")

    def fork(self, repo, build):
        number = build["number"]
        self.ask(Action("fork", repo, number), "POST", f"/api/repos/{repo}/builds/{number}?fork=true")
        self.history.moment("build forked", f"{repo}/{number}")

    def ask(self, action, method, path):
        self.history.act(action)
        action.status, action.reply = self.world.api.json(method, path)


class Gauge(Worker):
    """Looks at how much waits, so that the work pushed is what this machine can do."""

    def act(self):
        try:
            self.world.backlog = int(self.world.database.sql("select count(*) from queue", timeout=10))
        except (RuntimeError, OSError, subprocess.TimeoutExpired):
            # The database is away: what was seen last stands.
            return
