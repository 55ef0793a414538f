#!/usr/bin/env python3
"""Writes the examples of docs/reporting.md into a folder, a file each, asking for what load.sql has made.

reports.py DOCUMENT FOLDER
"""

import pathlib
import re
import sys

document, folder = map(pathlib.Path, sys.argv[1:])
for sql in re.findall(r"```sql\n(.*?)```", document.read_text(), re.S):
    view = re.search(r"from ci_report\.(\w+)", sql)[1]
    for example, loaded in {"acme/app": "7/7", "'acme'": "'7'", "'main'": "'master'", "'test'": "'build'"}.items():
        sql = sql.replace(example, loaded)
    (folder / f"{view}.sql").write_text(sql)
