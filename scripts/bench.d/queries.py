"""The queries of the target SQL, for pgbench."""

import re


def queries(folder):
    """Every named query, fragments put in: what the target SQL does."""
    texts, fragments = {}, {}
    for file in sorted(folder.glob("*.sql")):
        parts = re.split(r"^-- (name|fragment): (\S+)\n", file.read_text(), flags=re.M)[1:]
        for kind, name, text in zip(parts[::3], parts[1::3], parts[2::3]):
            if kind == "fragment":
                fragments[name] = text.strip()
            else:
                texts[f"{file.stem}.{name}"] = text.strip()
    for name, text in texts.items():
        while "{{" in text:
            text = re.sub(r"\{\{(\w+)\}\}", lambda match: fragments[match[1]], text)
        texts[name] = text
    return texts


def with_parameters(text, values):
    """The statement with pgbench's variables, which it sends as parameters."""
    return re.sub(r"\$(\d+)", lambda match: values[int(match[1]) - 1], text) + ";\n"
