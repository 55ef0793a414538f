#!/usr/bin/env python3
"""Writes two pgbench scripts with the server's statements: enqueue a job of a random tenant; claim one and finish it.

claims.py QUERIES FOLDER
"""

import pathlib
import sys

from queries import queries, with_parameters

texts = queries(pathlib.Path(sys.argv[1]))
script = "\\set tenant random(1, 1000)\n"
script += "select nextval('bench_ids') as id, r.id as repo, r.tenant_id as owner from repositories r "
script += "where r.owner = 'tenant-' || :tenant \\gset\n"
script += "select id as class from label_classes where labels = '{\"arch\": \"amd64\"}' \\gset\n"
script += with_parameters(texts["queue.enqueue"], [":id", ":class", ":owner", ":repo", "0", "0", "null", "null"])
claim = with_parameters(texts["queue.claim"], ["'{\"os\": \"linux\", \"arch\": \"amd64\"}'", "1", "30"])
claim = claim.replace(";\n", " \\gset got_\n")
claim += with_parameters(texts["queue.finish"], [":got_id", ":got_attempt"])
folder = pathlib.Path(sys.argv[2])
(folder / "enqueue.sql").write_text(script)
(folder / "claim.sql").write_text(claim)
