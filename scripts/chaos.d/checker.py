"""Whether a run lost anything. Each check is one promise of docs/reliability.md."""

import collections

CHECKS = {}


def check(name):
    """Makes a function of a checker a check of this name."""

    def register(function):
        CHECKS[name] = function
        return function

    return register


class Checker:
    """Looks at a world at rest and its records, and keeps count of what was looked at and what was wrong."""

    def __init__(self, world, records):
        self.world = world
        self.history = world.history
        self.records = records
        self.looked_at = collections.Counter()
        self.broken = collections.defaultdict(list)
        self.recoveries = []
        self.current = None

    def run(self):
        """Answers whether every check holds."""
        for self.current, function in CHECKS.items():
            function(self)
        return not self.broken

    def expect(self, holds, message):
        self.looked_at[self.current] += 1
        if not holds:
            self.broken[self.current].append(message)
