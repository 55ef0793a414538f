"""What drills are made of: PostgreSQL servers, one Skep server, and a load whose answers are kept."""

import contextlib
import datetime
import glob
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZERO = "0" * 40


def fail(text):
    raise SystemExit(f"{pathlib.Path(sys.argv[0]).name}: {text}")


def say(text):
    print(text, flush=True)


def until(name, condition, seconds=60):
    """Asks again and again, and answers how long it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            fail(f"{name}: not within {seconds} s")
        time.sleep(0.05)
    return time.monotonic() - began


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def program():
    """SKEP, or a debug build made now."""
    if "SKEP" in os.environ:
        return os.environ["SKEP"]
    subprocess.run(["swift", "build", "--package-path", str(ROOT), "--product", "skep"], check=True)
    return str(ROOT / ".build" / "debug" / "skep")


def account():
    """As whom PostgreSQL runs, as arguments of subprocess: it refuses root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    fail("there is no user postgres or nobody to run PostgreSQL as")


@contextlib.contextmanager
def folder():
    """A temporary folder that PostgreSQL's account may write in. DRILL_KEEP keeps it."""
    path = tempfile.mkdtemp(prefix="skep-drill-")
    if os.getuid() == 0:
        os.chown(path, account()["user"], account()["group"])
        os.chmod(path, 0o711)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield path
    finally:
        if os.environ.get("DRILL_KEEP"):
            say(f"kept: {path}")
        else:
            shutil.rmtree(path, ignore_errors=True)


class Cluster:
    """A PostgreSQL server with its data in FOLDER/NAME, on a socket in FOLDER and, with `port`, on 127.0.0.1."""

    def __init__(self, parent, name, port):
        self.folder, self.name, self.port = parent, name, port
        self.data = f"{parent}/{name}"
        self.bin = self._programs()
        self.process = None

    @staticmethod
    def _programs():
        found = shutil.which("pg_config")
        folders = [os.environ.get("SKEP_POSTGRES_BIN", "")]
        folders += [subprocess.run([found, "--bindir"], capture_output=True, text=True).stdout.strip()] if found else []
        folders += sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]), reverse=True)
        for candidate in folders:
            if os.access(f"{candidate}/postgres", os.X_OK):
                return candidate
        fail("the PostgreSQL server is missing: apt-get install postgresql")

    def run(self, name, *arguments):
        done = subprocess.run(
            [f"{self.bin}/{name}", *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            **account())
        if done.returncode:
            fail(f"{name}: {done.stderr.strip()}")
        return done.stdout

    def create(self, settings):
        self.run("initdb", "-D", self.data, "-U", "skep", "-A", "trust", "-E", "UTF8", "--locale=C", "-k")
        self.configure(settings)

    def configure(self, settings):
        with open(f"{self.data}/postgresql.auto.conf", "a") as file:
            for name, value in settings.items():
                file.write(f"{name} = '{value}'\n")

    def start(self, seconds=60):
        with open(f"{self.folder}/{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                [f"{self.bin}/postgres", "-D", self.data, "-k", self.folder, "-p", str(self.port),
                 "-c", "listen_addresses=127.0.0.1"],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **account())
        ready = [f"{self.bin}/pg_isready", "-q", "-h", self.folder, "-p", str(self.port), "-d", "postgres"]
        return until(f"{self.name} starts", lambda: subprocess.run(ready).returncode == 0, seconds)

    def kill(self):
        """As when the machine is gone."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def url(self):
        return f"postgresql://skep@127.0.0.1:{self.port}/skep"

    def sql(self, text, database="skep"):
        return self._psql(database, "-c", text)

    def script(self, path, cwd=None, **variables):
        return self._psql("skep", *[word for pair in variables.items() for word in ("-v", "%s=%s" % pair)], "-f", path, cwd=cwd)

    def _psql(self, database, *arguments, cwd=None):
        done = subprocess.run(
            [f"{self.bin}/psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port), "-U", "skep",
             "-d", database, *map(str, arguments)], capture_output=True, text=True, cwd=cwd)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def rows(self, query):
        return json.loads(self.sql(f"select coalesce(json_agg(rows), '[]') from ({query}) rows"))


def replicate(primary, settings=None, name="standby"):
    """A streaming standby, beside its primary."""
    standby = Cluster(primary.folder, name, free_port())
    primary.run("pg_basebackup", "-d", f"host={primary.folder} port={primary.port} user=skep application_name={name}",
                "-D", standby.data, "-X", "stream", "-R", "--checkpoint=fast")
    standby.configure(settings or {})
    standby.start()
    until("replication", lambda: primary.sql("select count(*) from pg_stat_replication where state = 'streaming'") == "1")
    return standby


def migrate(cluster):
    """What `skep migrate` does, without the program."""
    # The one table that no migration makes.
    source = (ROOT / "Sources" / "Postgres" / "MigrationRun.swift").read_text()
    cluster.sql(re.search(r"create table if not exists skep_migrations.*?(?=\"\"\")", source, re.S)[0])
    for file in sorted((ROOT / "sql" / "migrations").glob("*.sql")):
        cluster.script(file)


class Skep:
    """`skep serve` on a port of its own."""

    def __init__(self, parent, settings):
        self.folder, self.port, self.program = parent, free_port(), program()
        self.keyring, self.git = f"{parent}/keyring", f"{parent}/git"
        os.makedirs(self.git, exist_ok=True)
        self.environment = os.environ | {
            "SKEP_KEYRING_FILE": self.keyring, "SKEP_LISTEN": f"127.0.0.1:{self.port}", "SKEP_GIT_ROOT": self.git,
            "SKEP_LIMITS_REQUESTS_PER_MINUTE": "0", "SKEP_LIMITS_HOOKS_PER_MINUTE": "0",
        } | settings
        self.process, self.token = None, None
        if not os.path.exists(self.keyring):
            pathlib.Path(self.keyring).write_text(self.command("key", "generate"))

    def command(self, *arguments):
        done = subprocess.run([self.program, *arguments], env=self.environment, capture_output=True, text=True)
        if done.returncode:
            fail(f"skep {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def prepare(self):
        self.command("migrate")
        self.token = self.command("user", "add", "root", "--admin").split()[-1]

    def start(self):
        with open(f"{self.folder}/skep.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve"], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        return until("skep serve", lambda: self.request("GET", "/readyz")[0] == 200)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def request(self, method, path, body=None, headers=None, timeout=10):
        """Status and what the body says; (None, None) when no whole answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self.token}"} | (headers or {}))
            reply = connection.getresponse()
            text = reply.read()
            return reply.status, json.loads(text) if text[:1] in (b"{", b"[") else text
        except (OSError, http.client.HTTPException, ValueError):
            return None, None
        finally:
            connection.close()

    def add_repository(self, name):
        """A bare repository with one commit, activated; answers the commit."""
        bare, work = f"{self.git}/{name}.git", f"{self.folder}/work"
        git = ["git", "-c", "user.name=drill", "-c", "user.email=drill@example.com", "-C", work]
        if not os.path.exists(work):
            subprocess.run(["git", "init", "-q", "-b", "main", work], check=True)
            pathlib.Path(f"{work}/.drone.yml").write_text("build:\n  image: none\n  commands: [none]\n")
            subprocess.run([*git, "add", ".drone.yml"], check=True)
            subprocess.run([*git, "commit", "-q", "-m", "drill"], check=True)
        subprocess.run(["git", "clone", "-q", "--bare", work, bare], check=True)
        status, _ = self.request("POST", f"/api/repos/{name}")
        if status not in (200, 201):
            fail(f"{name} was not activated: {status}")
        return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()

    def deliver(self, name, commit):
        """A signed delivery of a new branch; answers its id and, when it was accepted, its number."""
        with open(f"{self.git}/{name}.git/skep/hook.json") as file:
            secret = json.load(file)["secret"]
        key = str(uuid.uuid4())
        refs = [{"ref": f"refs/heads/{key}", "before": ZERO, "after": commit}]
        body = json.dumps({"repository": {"full_name": name}, "refs": refs}).encode()
        status, reply = self.request("POST", "/hook", body, {
            "Content-Type": "application/json", "X-Skep-Event": "push", "X-Skep-Delivery": key,
            "X-Skep-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"})
        return key, reply["delivery"] if status == 202 else None


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Load:
    """Clients that deliver, and copy the first build of their repository, as fast as they are answered; every answer is kept."""

    def __init__(self, skep, repositories, pause=0.0):
        self.skep, self.repositories, self.pause = skep, repositories, pause
        self.deliveries, self.builds, self.failures, self.lock = [], [], 0, threading.Lock()
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(name, commit)) for name, commit in repositories.items()]
        for thread in self.threads:
            thread.start()

    def _run(self, name, commit):
        while not self.stopped.is_set():
            key, number = self.skep.deliver(name, commit)
            at = now()
            status, build = self.skep.request("POST", f"/api/repos/{name}/builds/1?fork=true")
            with self.lock:
                if number is not None:
                    self.deliveries.append((at, name, key, number))
                if status == 202:
                    self.builds.append((now(), name, build["number"]))
                self.failures += (number is None) + (status != 202)
            time.sleep(self.pause)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
