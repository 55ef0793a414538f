"""What is there: a repository with builds and secrets, people, tokens, agents; and new ones for requests that use them up."""

import itertools
import json
import os
import subprocess
import tempfile
import time
import urllib.request

CONFIG = "build:\n  image: busybox\n  commands:\n    - echo Hello\n"
REPO = "/api/repos/octocat/hello-world"
ACCOUNTS = "/api/tenants/octocat/service-accounts"


class World:
    def __init__(self):
        self.url = os.environ["OPENAPI_URL"]
        self.token = os.environ["OPENAPI_TOKEN"]
        self.data = os.environ["OPENAPI_DATA"]
        with open(self.data + "/agent-token") as file:
            self.agent_token = file.read().strip()
        self.numbers = itertools.count(1)
        self.create_repository("hello-world")
        self.push()
        self.ask("POST", "/api/users/hubot")
        self.ask("PUT", "/api/tenants/octocat/members/hubot", {"role": "write"})
        self.ask("POST", ACCOUNTS, {"name": "deploy", "role": "write"})
        for place in (REPO, "/api/tenants/octocat"):
            self.ask("POST", place + "/secrets", {"name": "KEPT", "value": "correct horse"})

    def ask(self, method, path, body=None, token=None):
        """The reply, read as JSON; None for what is refused or empty."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("Authorization", "Bearer " + (token or self.token))
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                text = reply.read()
        except urllib.error.HTTPError:
            return None
        return json.loads(text) if text.startswith((b"{", b"[")) else None

    def new(self, kind):
        return f"{kind}{next(self.numbers)}"

    def create_repository(self, name, activate=True):
        path = f"{self.data}/git/octocat/{name}.git"
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", path], check=True)
        if activate:
            self.ask("POST", "/api/repos/octocat/" + name)

    def push(self):
        with tempfile.TemporaryDirectory() as folder:
            def git(*arguments):
                who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
                subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)
            git("init", "--initial-branch=main")
            with open(folder + "/.drone.yml", "w") as file:
                file.write(CONFIG)
            git("add", ".")
            git("commit", "-m", "Say hello")
            git("push", self.data + "/git/octocat/hello-world.git", "main")
        for _ in range(120):
            build = self.ask("GET", REPO + "/builds/1")
            if build and build["finished_at"]:
                return
            time.sleep(0.5)
        raise SystemExit("the first build does not end")

    def place(self, operation):
        """Values for the path of an operation, by the names of its parameters."""
        values = {"owner": "octocat", "name": "hello-world", "number": 1, "build": 1, "job": 1, "login": "hubot",
                  "secret": "KEPT", "account": "deploy", "id": 1}
        make = getattr(self, "for_" + operation, None)
        try:
            return {**values, **(make() if make else {})}
        except (TypeError, KeyError, IndexError, StopIteration):
            # What was to be made was refused, as after a request that changed the tenant's limits.
            return values

    def for_activateRepo(self):
        name = self.new("new")
        self.create_repository(name, activate=False)
        return {"name": name}

    def for_deleteRepo(self):
        name = self.new("doomed")
        self.create_repository(name)
        return {"name": name}

    def for_cancelJob(self):
        return {"number": self.ask("POST", REPO + "/builds/1?fork=true")["number"]}

    for_cancelBuildJob = for_cancelJob

    def for_restartBuild(self):
        return {"number": self.ask("GET", REPO + "/builds?status=success")[-1]["number"]}

    def for_createNamedUser(self):
        return {"login": self.new("user")}

    def for_deleteUser(self):
        login = self.new("doomed")
        self.ask("POST", "/api/users/" + login)
        return {"login": login}

    for_updateUser = for_deleteUser

    def for_deleteMember(self):
        login = self.for_deleteUser()["login"]
        self.ask("PUT", "/api/tenants/octocat/members/" + login, {"role": "read"})
        return {"login": login}

    def for_deleteServiceAccount(self):
        name = self.new("bot")
        self.ask("POST", ACCOUNTS, {"name": name, "role": "read"})
        return {"account": name}

    def for_deleteServiceAccountToken(self):
        return {"id": self.ask("POST", ACCOUNTS + "/deploy/tokens", {})["id"]}

    def for_deleteOwnToken(self):
        return {"id": self.ask("POST", "/api/user/tokens", {})["id"]}

    def secret(self, place):
        name = self.new("S")
        self.ask("POST", place + "/secrets", {"name": name, "value": "correct horse"})
        return {"secret": name}

    def for_deleteRepoSecret(self):
        return self.secret(REPO)

    def for_deleteTenantSecret(self):
        return self.secret("/api/tenants/octocat")

    def claim(self, agent):
        wish = {"agent": agent, "labels": {"os": "linux", "arch": "amd64"}, "slots": 1000, "wait": 0, "version": 1}
        return self.ask("POST", "/agent/v1/claim", wish, self.agent_token)

    def for_deleteAgent(self):
        name = self.new("agent")
        self.claim(name)
        return {"id": next(agent["id"] for agent in self.ask("GET", "/api/agents?limit=1000") if agent["name"] == name)}

    for_updateAgent = for_getAgent = for_deleteAgent

    def attempt(self, starts=True):
        """A job that no other agent has, claimed and perhaps started."""
        self.ask("PATCH", "/api/agents/1", {"paused": True})
        self.ask("POST", REPO + "/builds/1?fork=true")
        job = None
        for _ in range(20):
            job = job or self.claim("openapi")
            if job:
                break
            time.sleep(0.1)
        self.ask("PATCH", "/api/agents/1", {"paused": False})
        if job is None:
            return {}
        if starts:
            self.ask("POST", f"/agent/v1/attempts/{job['attemptID']}/heartbeat", {}, self.agent_token)
        return {"id": job["attemptID"]}

    for_heartbeat = for_finishJob = for_updateStep = for_releaseJob = attempt
