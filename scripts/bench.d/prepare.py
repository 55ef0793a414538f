#!/usr/bin/env python3
"""Makes what load.sql copies in and what pgbench runs.

prepare.py QUERIES FOLDER   writes into FOLDER: tokens.txt, tokens.csv, logs.csv, pgbench/*
prepare.py --path REQUEST   prints the path of one request of that kind

BENCH_HISTORY is how many builds a repository has, 250 without it.
"""

import hashlib
import os
import pathlib
import random
import secrets
import sys
import zlib

from queries import queries, with_parameters

TOKENS = 200
# A pgbench script has one token, since its variables are numbers otherwise. Each client prepares and plans each script's
# statement of its own, so a few must do.
PGBENCH_TOKENS = 8
# As in load.sql.
OWNERS, NAMES, BUILDS = 20, 10, int(os.environ.get("BENCH_HISTORY", "250"))
LOGGED_EVERY = max(10, BUILDS // 100)
LOG_BYTES = 100_000
LOGS = 8
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

PATHS = {
    "user": "/api/user",
    "repo": "/api/repos/1/1",
    "build": "/api/repos/1/1/builds/10",
    "builds": "/api/repos/1/1/builds",
    "log": f"/api/repos/1/1/logs/{LOGGED_EVERY}/1",
}

# For each request, the queries that the server runs for it, and what it gives them from $5 on; $1 to $4 are always token,
# forge, owner and name.
STATEMENTS = {
    "user": [("users.caller", [])],
    "repo": [("repos.read", [])],
    "build": [("builds.read", [":number"])],
    "builds": [("builds.read_list", ["9223372036854775807", "50"]), ("builds.jobs_of", None)],
    "log": [("logs.read", [":logged", "1", "null", "0", "8", "null"])],
}
# The server has the ids from the list before; pgbench has to look them up.
IDS_OF_LIST = """array(
    select id from builds where repo_id = (select id from repositories where owner = :owner and name = :name)
    order by number desc limit 50)"""


def token():
    """In the form of Sources/Sealing/Token.swift: prefix, 40 random characters, CRC-32 in base 62."""
    text = "skep_" + "".join(secrets.choice(ALPHABET) for _ in range(40))
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = ALPHABET[digit] + digits
    return text + digits


def log(seed):
    """Text that compresses about as well as the output of a build does."""
    chance = random.Random(seed)
    words = "compiling linking test passed src main module error warning ok in ms file cache".split()
    text = "+ make test\n"
    while len(text) < LOG_BYTES:
        picked = " ".join(chance.choice(words) for _ in range(9))
        text += f"{chance.randrange(10**6):06d} {picked} {chance.getrandbits(48):012x}\n"
    return text.encode()[:LOG_BYTES]


def segment(text):
    """Raw deflate, ended at a byte boundary, without a last block."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)


def pgbench_script(texts, request, index):
    script = f"\\set owner random(1, {OWNERS})\n\\set name random(1, {NAMES})\n"
    script += f"\\set number random(1, {BUILDS})\n\\set logged {LOGGED_EVERY} * random(1, {BUILDS // LOGGED_EVERY})\n"
    for name, more in STATEMENTS[request]:
        values = [IDS_OF_LIST] if more is None else [f":t{index}", "null", ":owner", ":name"] + more
        script += with_parameters(texts[name], values)
    return script


def prepare(source, folder):
    tokens = [token() for _ in range(TOKENS)]
    hashes = ["\\x" + hashlib.sha256(text.encode()).hexdigest() for text in tokens]
    (folder / "tokens.txt").write_text("".join(f"{text}\n" for text in tokens))
    (folder / "tokens.csv").write_text("".join(f"{index},{value}\n" for index, value in enumerate(hashes, 1)))
    with open(folder / "logs.csv", "w") as file:
        for index in range(LOGS):
            text = log(index)
            file.write(f"{index},{len(text)},{zlib.crc32(text)},\\x{segment(text).hex()}\n")
    write_pgbench(source, folder / "pgbench", hashes)


def write_pgbench(source, folder, hashes):
    folder.mkdir()
    texts = queries(source)
    variables = "".join(f"t{index}={hashes[index]}\n" for index in range(PGBENCH_TOKENS))
    (folder / "variables").write_text(variables)
    for request in STATEMENTS:
        for index in range(PGBENCH_TOKENS):
            (folder / f"{request}-{index}.sql").write_text(pgbench_script(texts, request, index))


if sys.argv[1] == "--path":
    print(PATHS[sys.argv[2]])
else:
    prepare(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
