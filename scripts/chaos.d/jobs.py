"""What is pushed: commits whose jobs print what is known beforehand."""

import dataclasses
import random

COMMANDS = ["sh ./job.sh", 'echo "done with $CELL"']

# How many pieces a job prints, of how many lines, with how many seconds after each.
SHAPES = {
    "quick": (1, 5, 0),
    "long": (4, 1500, 0),
    "slow": (10, 20, 0.3),
    "crawling": (24, 60, 0.4),
    "failing": (2, 10, 0.1),
}
WEIGHTS = {"quick": 4, "long": 2, "slow": 3, "crawling": 1, "failing": 1}

SCRIPT = """\
echo "$CI_WORKSPACE" >>'{counter}'
awk -v cell="$CELL" 'BEGIN {{
    for (piece = 0; piece < {pieces}; piece++) {{
        for (line = 0; line < {lines}; line++)
            printf "{name} %s piece %d line %d %d-abcdefghijklmnopqrstuvwxyz\\n",
                cell, piece, line, (piece * 7919 + line * 104729 + {salt}) % 1000003
        fflush()
        if ({pause} > 0) system("sleep {pause}")
    }}
}}'
exit {code}
"""


@dataclasses.dataclass(frozen=True)
class Spec:
    """The jobs of one commit."""

    name: str
    kind: str
    cells: tuple
    salt: int

    @property
    def code(self):
        return 3 if self.kind == "failing" else 0

    def files(self, counter):
        """The commit's files; `counter` is where each run leaves a line."""
        if self.kind == "broken":
            return {".drone.yml": f"build: [{self.name}\n"}
        if self.kind == "bare":
            return {"README": f"{self.name}\n"}
        pieces, lines, pause = SHAPES.get(self.kind, SHAPES["quick"])
        script = SCRIPT.format(
            counter=counter, pieces=pieces, lines=lines, pause=pause, name=self.name, salt=self.salt, code=self.code)
        commands = "".join(f"    - {command}\n" for command in COMMANDS)
        cells = ", ".join(self.cells)
        return {
            ".drone.yml": f"build:\n  image: busybox\n  commands:\n{commands}matrix:\n  CELL: [{cells}]\n",
            "job.sh": script,
        }

    @property
    def message(self):
        return f"{self.name} [CI SKIP]" if self.kind == "skipped" else self.name

    @property
    def reason(self):
        """What a delivery says that makes no build of it; nothing where it makes one."""
        return {"skipped": "says to skip", "bare": "no .drone.yml"}.get(self.kind, "")

    def log(self, cell):
        """What a job that is not disturbed prints, as bytes."""
        pieces, lines, _ = SHAPES.get(self.kind, SHAPES["quick"])
        printed = [f"+ {COMMANDS[0]}\n"]
        for piece in range(pieces):
            for line in range(lines):
                number = (piece * 7919 + line * 104729 + self.salt) % 1000003
                printed.append(
                    f"{self.name} {cell} piece {piece} line {line} {number}-abcdefghijklmnopqrstuvwxyz\n")
        if self.code == 0:
            printed.append(f"+ {COMMANDS[1]}\ndone with {cell}\n")
        return "".join(printed).encode()


def choose(name, randomness: random.Random):
    """A commit, most of them with jobs, some that make no build and some that make a broken one."""
    salt = randomness.randrange(1000003)
    odd = randomness.random()
    if odd < 0.1:
        return Spec(name, ["skipped", "bare", "broken"][int(odd * 30)], ("a",), salt)
    kind = randomness.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    cells = tuple("abc"[: randomness.choice([1, 1, 1, 2, 2, 3])])
    return Spec(name, kind, cells, salt)
