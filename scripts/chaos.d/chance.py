"""Randomness that forgets nothing."""


class Bag:
    """All of a list in a random order, then again in another: nothing is left out for long."""

    def __init__(self, items, randomness):
        self.items = list(items)
        self.randomness = randomness
        self.left = []

    def draw(self):
        if not self.left:
            self.left = self.randomness.sample(self.items, len(self.items))
        return self.left.pop()
