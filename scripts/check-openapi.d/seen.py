"""Prints how often each status came, and fails for an operation of the document that never answered 2xx."""

import json
import os
import re
import sys

# What a server with plain git and without pull requests cannot be brought to from outside.
UNREACHED = {
    "approveBuild": "only builds of pull requests wait for approval",
    "declineBuild": "only builds of pull requests wait for approval",
    "receiveDelivery": "signed by the hook of a repository",
    "receiveDeliveryAgain": "signed by the hook of a repository",
    "deleteOwnTokens": "ends the token that all requests are sent with",
    "appendLog": "takes deflate, which Schemathesis does not make",
    "followLog": "may not end",
    "followRepo": "does not end",
    "followOwn": "does not end",
}

with open(sys.argv[1]) as file:
    operations = re.findall(r"^ +operationId: (\w+)$", file.read(), re.MULTILINE)
with open(os.environ["OPENAPI_SEEN"]) as file:
    seen = json.load(file)

missing = []
total = 0
for operation in operations:
    statuses = seen.get(operation, {})
    total += sum(statuses.values())
    print(f"{operation:28}", " ".join(f"{status}:{count}" for status, count in sorted(statuses.items())))
    if not any(status.startswith("2") for status in statuses) and operation not in UNREACHED:
        missing.append(operation)
print(f"{total} requests to {len(operations)} operations")
if missing:
    sys.exit("never answered 2xx: " + ", ".join(missing))
