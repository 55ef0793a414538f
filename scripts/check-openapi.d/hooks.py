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


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId", "")
    is_agents = case.operation.path.startswith("/agent/")
    case.headers["Authorization"] = "Bearer " + (world.agent_token if is_agents else world.token)
    if operation in ("updateAgent", "deleteAgent", "deleteOwnToken") and str(case.path_parameters.get("id")) == "1":
        # The agent that runs the jobs, and the token that all requests are sent with.
        case.path_parameters["id"] = 2**40
    if operation == "claimJob" and isinstance(case.body, dict) and isinstance(case.body.get("wait"), int):
        # Long polls would take most of the time.
        case.body["wait"] = min(case.body["wait"], 1)
    if dice.random() < 0.5:
        case.path_parameters.update(
            {name: value for name, value in world.place(operation).items() if name in case.path_parameters})


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation.definition.raw.get("operationId", "")
    seen[operation][str(response.status_code)] += 1


@atexit.register
def write():
    with open(os.environ["OPENAPI_SEEN"], "w") as file:
        json.dump(seen, file)
