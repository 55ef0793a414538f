"""What this run did and what it was answered: all that the checker knows besides API and SQL."""

import collections
import dataclasses
import threading
import time


@dataclasses.dataclass
class Action:
    """A request to change something, and its answer. No status: none came, so it may have been done or not."""

    kind: str
    repo: str
    build: int
    job: int = 0
    at: float = 0
    status: int | None = None
    reply: dict | None = None

    @property
    def may_be_done(self):
        return self.status is None or 200 <= self.status < 300 or self.status >= 500

    @property
    def is_done(self):
        return self.status is not None and 200 <= self.status < 300


@dataclasses.dataclass
class Fault:
    kind: str
    target: str
    began: float
    ended: float | None = None


class History:
    """Safe for use from many threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.specs = {}  # commit -> Spec
        self.pushed = []  # (repo, ref, commit)
        self.deleted = []  # (repo, ref)
        self.accepted = []  # (repo, key or None, delivery, repeated)
        self.actions = []
        self.faults = []
        self.surprises = []  # what a process did by itself
        self.counts = collections.Counter()

    @staticmethod
    def now():
        return time.time()

    def add(self, name, value):
        with self.lock:
            getattr(self, name).append(value)

    def know(self, commit, spec):
        with self.lock:
            self.specs[commit] = spec

    def begin(self, kind, target=""):
        """A fault that happens now; whoever undoes it sets its end."""
        fault = Fault(kind, target, time.time())
        with self.lock:
            self.faults.append(fault)
            self.counts[kind] += 1
        return fault

    def moment(self, kind, target=""):
        """A fault that is over as soon as it has happened."""
        fault = self.begin(kind, target)
        fault.ended = fault.began

    def act(self, action):
        action.at = time.time()
        self.add("actions", action)
        return action

    def actions_on(self, repo, build, kind):
        return [a for a in self.actions if (a.repo, a.build, a.kind) == (repo, build, kind)]
