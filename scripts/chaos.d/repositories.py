"""Plain git repositories: pushed to with git, and told of by hand."""

import hashlib
import hmac
import json
import os
import re
import subprocess
import threading
import uuid

import jobs

ZERO = "0" * 40
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "Ada", "GIT_COMMITTER_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_TERMINAL_PROMPT": "0",
}


class Repository:
    """A bare repository with a clone to commit in. One thread at a time commits and pushes."""

    def __init__(self, name, root, work, counter, history):
        self.name = name
        self.bare = f"{root}/{name}.git"
        self.clone = f"{work}/{name.replace('/', '-')}"
        self.counter = counter
        self.history = history
        self.lock = threading.Lock()
        self.made = 0
        self._git("init", "-q", "--bare", "--initial-branch=main", self.bare, cwd=root)
        self._git("init", "-q", "--initial-branch=main", self.clone, cwd=root)

    def _git(self, *arguments, cwd=None, input=None):
        result = subprocess.run(
            ["git", *arguments], cwd=cwd or self.clone, env=os.environ | ENVIRONMENT, input=input,
            capture_output=True, text=True, start_new_session=True)
        if result.returncode != 0:
            raise RuntimeError(f"git {arguments[0]} failed: {result.stderr}")
        return result

    def commit(self, randomness):
        """A new commit on top of the last one; answers its name."""
        self.made += 1
        spec = jobs.choose(f"{self.name.split('/')[1]}-{self.made}", randomness)
        files = spec.files(self.counter)
        self._git("rm", "-rfq", "--ignore-unmatch", ".")
        for path, text in files.items():
            with open(f"{self.clone}/{path}", "w") as file:
                file.write(text)
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", spec.message)
        commit = self._git("rev-parse", "HEAD").stdout.strip()
        self.history.know(commit, spec)
        return commit

    def push(self, commit, *refs):
        """A real push, whose hook tells the server or leaves it in the spool."""
        result = self._git("push", "-q", self.bare, *[f"{commit}:{ref}" for ref in refs])
        for ref in refs:
            self.history.add("pushed", (self.name, ref, commit))
        self._note(result.stderr)

    def delete(self, ref):
        self._note(self._git("push", "-q", self.bare, f":{ref}").stderr)
        self.history.add("deleted", (self.name, ref))

    def _note(self, said):
        for number in re.findall(r"skep: accepted, delivery (\d+)", said):
            self.history.add("accepted", (self.name, None, int(number), False))

    def move_silently(self, commit, ref):
        """Moves a ref as no hook would notice."""
        self._git("fetch", "-q", self.clone, f"{commit}:{ref}", cwd=self.bare)

    def delivery(self, commit, ref):
        """A signed delivery of a ref's first move: body and headers."""
        with open(f"{self.bare}/skep/hook.json") as file:
            secret = json.load(file)["secret"]
        refs = [{"ref": ref, "before": ZERO, "after": commit}]
        body = json.dumps({"repository": {"full_name": self.name}, "refs": refs}).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json", "X-Skep-Event": "push", "X-Skep-Delivery": str(uuid.uuid4()),
            "X-Skep-Signature-256": f"sha256={signature}",
        }
        return body, headers

    def spooled(self):
        """Pushes that no server has taken, and those that were refused."""
        folder = f"{self.bare}/skep/spool"
        return [name for name in os.listdir(folder) if not name.endswith(".tmp")]
