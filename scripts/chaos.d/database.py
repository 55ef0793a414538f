"""A PostgreSQL server of this run's own, reachable only through a socket in its folder."""

import glob
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import time


def version(path):
    return [int(number) for number in re.findall(r"\d+", path)]


def programs():
    """The folder of the server's programs, the newest version's."""
    found = shutil.which("pg_config")
    folders = [os.environ.get("SKEP_POSTGRES_BIN", "")]
    folders += [subprocess.run([found, "--bindir"], capture_output=True, text=True).stdout.strip()] if found else []
    folders += sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=version, reverse=True)
    for folder in folders:
        if os.access(f"{folder}/postgres", os.X_OK):
            return folder
    raise SystemExit("chaos: the PostgreSQL server is missing: apt-get install postgresql")


class Database:
    def __init__(self, folder, log):
        self.folder = folder
        self.log = log
        self.bin = programs()
        self.process = None
        self.retired = False
        self.account = self._account()
        os.mkdir(folder, 0o700)
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    @staticmethod
    def _account():
        """PostgreSQL refuses root."""
        if os.getuid() != 0:
            return None
        for name in ["postgres", "nobody"]:
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise SystemExit("chaos: there is no user postgres or nobody to run PostgreSQL as")

    def _as_account(self):
        if not self.account:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def create(self):
        with open(self.log, "ab") as log:
            subprocess.run(
                [f"{self.bin}/initdb", "-D", f"{self.folder}/data", "-U", "skep", "-A", "trust", "-E", "UTF8",
                 "--locale=C"],
                check=True, cwd=self.folder, stdout=log, stderr=log, **self._as_account())
        self.start()
        self.sql("create database skep", database="postgres")

    def start(self, patience=60):
        """Starts it and waits until it answers. Its former processes may take a moment to be gone."""
        end = time.monotonic() + patience
        while not self.retired:
            if self.process is None or self.process.poll() is not None:
                self._launch()
            if self.answers():
                return
            if time.monotonic() > end:
                raise RuntimeError("PostgreSQL does not start")
            time.sleep(0.2)

    def _launch(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [f"{self.bin}/postgres", "-D", f"{self.folder}/data", "-k", self.folder, "-c", "listen_addresses=",
                 "-c", "restart_after_crash=on"],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                **self._as_account())

    def answers(self):
        ready = subprocess.run([f"{self.bin}/pg_isready", "-q", "-h", self.folder, "-d", "postgres"])
        return ready.returncode == 0

    def kill(self):
        """As when the machine throws it out: the postmaster is gone, its children find out."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def kill_backend(self, randomness):
        """Kills one connection's process; PostgreSQL then restarts all of them. Answers whether there was one."""
        try:
            text = open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read()
        except OSError:
            return False
        backends = [int(pid) for pid in text.split() if self._is_backend(int(pid))]
        if not backends:
            return False
        try:
            os.kill(randomness.choice(backends), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    @staticmethod
    def _is_backend(pid):
        try:
            return b"skep_app skep" in open(f"/proc/{pid}/cmdline", "rb").read()
        except OSError:
            return False

    def stop(self):
        self.retired = True
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def url(self, user):
        return f"host={self.folder} dbname=skep user={user}"

    def sql(self, statement, database="skep", timeout=60):
        result = subprocess.run(
            [f"{self.bin}/psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "skep", "-d", database,
             "-c", statement],
            capture_output=True, text=True, timeout=timeout)
        if result.returncode != 0:
            raise RuntimeError(f"SQL failed: {result.stderr.strip()}")
        return result.stdout

    def rows(self, query, timeout=60):
        """The rows of a query, each as a dictionary."""
        return json.loads(self.sql(f"select coalesce(json_agg(rows), '[]') from ({query}) rows", timeout=timeout))
