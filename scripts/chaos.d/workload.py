"""What teams do all the time: push with git, and have their forge tell of branches, more than once."""

import random
import subprocess
import threading


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


class Gauge(Worker):
    """Looks at how much waits, so that the work pushed is what this machine can do."""

    def act(self):
        try:
            self.world.backlog = int(self.world.database.sql("select count(*) from queue", timeout=10))
        except (RuntimeError, OSError, subprocess.TimeoutExpired):
            # The database is away: what was seen last stands.
            return
