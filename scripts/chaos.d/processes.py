"""Skep's own processes: started, killed, and started again when they end by themselves, as a service manager would."""

import os
import signal
import subprocess
import threading
import time


class Process:
    """One server or agent, of which one fault at a time has hold."""

    def __init__(self, name, command, environment, log, history):
        self.name = name
        self.command = command
        self.environment = environment
        self.log = log
        self.history = history
        self.wanted = False
        self.retired = False
        self.process = None
        self.lock = threading.RLock()
        self.fault = threading.Lock()

    def start(self):
        with self.lock:
            if self.retired:
                return
            self.wanted = True
            if self.process is not None and self.process.poll() is None:
                return
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True)

    def watch(self):
        """Notes an end that nobody asked for, and starts it again."""
        with self.lock:
            if not self.wanted or self.process is None or self.process.poll() is None:
                return
            self.history.add("surprises", (self.name, self.process.returncode, time.time()))
            self.start()

    def kill(self):
        with self.lock:
            self.wanted = False
            if self.process is not None and self.process.poll() is None:
                self.process.send_signal(signal.SIGKILL)
                self.process.wait()

    def end(self, patience=40):
        """SIGTERM. False: it did not end in time, and was killed."""
        with self.lock:
            self.wanted = False
            process = self.process
        if process is None or process.poll() is not None:
            return True
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience)
            return True
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False

    def retire(self, patience=40):
        """Ends it, and nothing starts it any more."""
        with self.lock:
            self.retired = True
        self.resume()
        self.end(patience)

    def pause(self):
        """Answers whether it runs and could be stopped."""
        return self._signal(signal.SIGSTOP)

    def resume(self):
        return self._signal(signal.SIGCONT)

    def _signal(self, number):
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                return False
            self.process.send_signal(number)
            return True


class Watcher(threading.Thread):
    """Starts again what ended by itself, half a second later at most."""

    def __init__(self, processes):
        super().__init__(name="watcher", daemon=True)
        self.processes = processes
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.wait(0.5):
            for process in self.processes:
                process.watch()


def processes_in(folder):
    """Processes of jobs whose workspace is in the folder."""
    marker = f"CI_WORKSPACE={folder}/".encode()
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                variables = file.read().split(b"\0")
        except OSError:
            continue
        if any(variable.startswith(marker) for variable in variables):
            found.append(int(name))
    return found
