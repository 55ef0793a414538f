"""Hooks of Schemathesis: every second request is about something that is there; and every reply is counted by operation."""

import atexit
import collections
import json
import os
import random

import schemathesis

from world import World

world = World()
dice = random.Random(7)
seen = collections.defaultdict(collections.Counter)


def send(token, case, kwargs):
    """As somebody else than the command line says, whose headers win over the case's."""
    case.headers["Authorization"] = "Bearer " + token
    kwargs["headers"] = {**(kwargs.get("headers") or {}), "Authorization": "Bearer " + token}


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId", "")
    if case.operation.path.startswith("/agent/"):
        send(world.agent_token, case, kwargs)
    elif operation in ("deleteOwnTokens", "deleteOwnToken"):
        # Not with the token that all other requests have.
        send(world.token_of_somebody(), case, kwargs)
    elif operation in ("updateAgent", "deleteAgent") and case.path_parameters.get("id") == 1:
        # The one that runs the jobs.
        case.path_parameters["id"] = 2**40
    if dice.random() < 0.5:
        case.path_parameters.update(
            {name: value for name, value in world.place(operation).items() if name in case.path_parameters})
        if operation == "deleteOwnToken":
            send(world.token_to_end[1], case, kwargs)


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation.definition.raw.get("operationId", "")
    seen[operation][str(response.status_code)] += 1


@atexit.register
def write():
    with open(os.environ["OPENAPI_SEEN"], "w") as file:
        json.dump(seen, file)
