"""All that a run consists of, in one temporary folder: database, servers, proxy, agents, repositories."""

import os
import shutil
import subprocess
import tempfile
import threading

from api import API
from database import Database
from history import History
from machine import free_ports, preserve
from processes import Process, Watcher, processes_in
from proxy import Proxy
from repositories import Repository

SERVERS = 2
AGENTS = 4
REPOSITORIES = ["octo/one", "octo/two", "hubot/three"]


class World:
    def __init__(self, skep, lease, slots, plant=None):
        self.program = os.path.abspath(skep)
        self.lease = lease
        self.slots = slots
        self.plant = plant
        self.folder = None
        self.history = History()
        self.stopping = threading.Event()  # no more work and faults
        self.closed = threading.Event()  # nobody waits for anything any more
        self.backlog = 0
        self.most_waiting = 4 * AGENTS * slots
        self.database_fault = threading.Lock()
        self.servers, self.agents, self.repositories = [], [], []
        self.database = self.proxy = self.watcher = self.api = None

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start(self):
        self.folder = tempfile.mkdtemp(prefix="skep-chaos-")
        # The database's user has to pass.
        os.chmod(self.folder, 0o711)
        self.skep = self.path("skep")
        preserve(self.program, self.skep)
        for name in ["logs", "git", "work", "agents"]:
            os.mkdir(self.path(name))
        self.counter = self.path("counter")
        open(self.counter, "w").close()
        self.database = Database(self.path("db"), self.path("logs", "database"))
        self.database.create()
        self._prepare_database()
        ports = free_ports(SERVERS)
        self.proxy = Proxy(ports, self.history)
        self.proxy.start()
        self._start_servers(ports)
        self._start_agents()
        self.watcher = Watcher(self.servers + self.agents)
        self.watcher.start()
        self._activate()

    def _run(self, *arguments, user="skep"):
        environment = os.environ | {"SKEP_DATABASE_URL": self.database.url(user), "SKEP_LOG_LEVEL": "warning"}
        result = subprocess.run([self.skep, *arguments], env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"skep {arguments[0]} failed: {result.stderr}")
        return result.stdout.strip()

    def _prepare_database(self):
        self._run("migrate")
        # Servers get the rights they need and no more, as in a real installation.
        self.database.sql("create role skep_app login in role skep_server")
        self.administrator = self._run("user", "add", "--admin", "root", user="skep_app")
        self.agent_token = self._run("token", "agent", user="skep_app")
        with open(os.open(self.path("keyring"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(self._run("key", "generate") + "\n")

    def _start_servers(self, ports):
        for index, port in enumerate(ports):
            environment = os.environ | {
                "SKEP_DATABASE_URL": self.database.url("skep_app"), "SKEP_LISTEN": f"127.0.0.1:{port}",
                "SKEP_URL": f"http://127.0.0.1:{self.proxy.port}", "SKEP_KEYRING_FILE": self.path("keyring"),
                "SKEP_GIT_ROOT": self.path("git"), "SKEP_AGENTS_LEASE": str(self.lease), "SKEP_LOG_LEVEL": "info",
            } | ({"SKEP_PLANT": self.plant} if self.plant else {})
            self.servers.append(self._process(f"server-{index + 1}", [self.skep, "serve"], environment))
        self._start_all(self.servers)

    def _start_agents(self):
        environment = os.environ | {"SKEP_AGENT_TOKEN": self.agent_token}
        for number in range(1, AGENTS + 1):
            name = f"agent-{number}"
            # Without a sandbox, for a job in one could not write to the counter file outside.
            command = [
                self.skep, "agent", "--server", f"http://127.0.0.1:{self.proxy.port}", "--name", name, "--slots",
                str(self.slots), "--folder", self.path("agents", name), "--sandbox", "off",
            ]
            self.agents.append(self._process(name, command, environment))
        self._start_all(self.agents)

    def _process(self, name, command, environment):
        return Process(name, command, environment, self.path("logs", name), self.history)

    @staticmethod
    def _start_all(processes):
        for process in processes:
            process.start()

    def _activate(self):
        self.api = API(self.proxy.port, self.administrator)
        for name in REPOSITORIES:
            os.makedirs(self.path("git", os.path.dirname(name)), exist_ok=True)
            repo = Repository(name, self.path("git"), self.path("work"), self.counter, self.history)
            self._insist("POST", f"/api/repos/{name}")
            self.repositories.append(repo)

    def _insist(self, method, path):
        for _ in range(300):
            status, reply = self.api.json(method, path)
            if status in (200, 409):
                return
            self.closed.wait(0.2)
        raise RuntimeError(f"{method} {path} is answered {status}: {reply}")

    def recover(self):
        """After the last fault: everything runs."""
        self.proxy.disarm()
        self.database.start()
        self._start_all(self.servers + self.agents)

    def stop(self):
        """Ends every process, each by its id."""
        self.stopping.set()
        self.closed.set()
        if self.watcher:
            self.watcher.stopped.set()
            self.watcher.join()
        enders = [threading.Thread(target=process.retire, args=(20,)) for process in self.agents + self.servers]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()
        if self.proxy:
            self.proxy.stop()
        if self.database:
            self.database.stop()

    def processes_left(self):
        return processes_in(os.path.realpath(self.path("agents")))

    def remove(self):
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
