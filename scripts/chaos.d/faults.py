"""What goes wrong: processes killed, stopped and ended, connections cut, at moments that the seed decides."""

import random
import threading

from chance import Bag
from proxy import CALLS, CUTS


class Faults(threading.Thread):
    """Draws one fault after the other until the world stops."""

    def __init__(self, name, seed, pauses, world):
        super().__init__(name=name, daemon=True)
        self.randomness = random.Random(f"{seed}/{name}")
        self.pauses = pauses
        self.world = world
        self.history = world.history

    def run(self):
        bag = Bag(self.kinds(), self.randomness)
        while not self.world.stopping.wait(self.randomness.uniform(*self.pauses)):
            self.inflict(bag.draw())

    def finish(self):
        """Returns when all that was harmed has recovered."""
        self.join()


class ConnectionFaults(Faults):
    """Tells the proxy where to cut next."""

    def kinds(self):
        return [(cut, call) for cut in CUTS for call in CALLS]

    def inflict(self, kind):
        self.world.proxy.arm(*kind)


class ProcessFaults(Faults):
    """Harms a process; each recovers on a thread of its own, so that troubles overlap."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.recoveries = []
        lease = self.world.lease
        servers, agents = self.world.servers, self.world.agents
        self.acts = {
            "server killed": lambda kind: self.harm(kind, servers, self.kill, (0.2, 4)),
            "server ended and started": lambda kind: self.harm(kind, servers, self.end, (0.1, 2)),
            "server stopped for a while": lambda kind: self.harm(kind, servers, self.stop, (2, lease + 3)),
            "agent killed": lambda kind: self.harm(kind, agents, self.kill, (0.2, 6)),
            "agent ended and started": lambda kind: self.harm(kind, agents, self.end, (0.1, 2)),
            "agent stopped beyond its lease": lambda kind: self.harm(kind, agents, self.stop, (lease + 2, lease + 5)),
            "database killed": self.kill_database,
            "database connection killed": self.kill_backend,
        }

    def kinds(self):
        return self.acts

    def inflict(self, kind):
        self.acts[kind](kind)

    def finish(self):
        super().finish()
        for recovery in self.recoveries:
            recovery.join()

    def harm(self, kind, processes, act, seconds):
        free = [process for process in processes if process.fault.acquire(blocking=False)]
        if not free:
            return
        chosen = self.randomness.choice(free)
        for process in free:
            if process is not chosen:
                process.fault.release()
        self.recover(self._guarded, kind, chosen, act, self.randomness.uniform(*seconds))

    def _guarded(self, kind, process, act, seconds):
        try:
            fault = self.history.begin(kind, process.name)
            act(process, seconds)
            fault.ended = self.history.now()
        finally:
            process.fault.release()

    def recover(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self.recoveries.append(thread)

    def kill(self, process, seconds):
        process.kill()
        self.world.closed.wait(seconds)
        process.start()

    def end(self, process, seconds):
        if not process.end():
            self.history.add("surprises", (process.name, "did not end when asked to", self.history.now()))
        self.world.closed.wait(seconds)
        process.start()

    def stop(self, process, seconds):
        process.pause()
        self.world.closed.wait(seconds)
        process.resume()

    def kill_database(self, kind):
        if self.world.database_fault.acquire(blocking=False):
            self.recover(self._kill_database, kind, self.randomness.uniform(0, 3))

    def _kill_database(self, kind, seconds):
        try:
            fault = self.history.begin(kind, "database")
            self.world.database.kill()
            self.world.closed.wait(seconds)
            self.world.database.start()
            fault.ended = self.history.now()
        finally:
            self.world.database_fault.release()

    def kill_backend(self, kind):
        if self.world.database_fault.acquire(blocking=False):
            try:
                if self.world.database.kill_backend(self.randomness):
                    self.history.moment(kind, "database")
            finally:
                self.world.database_fault.release()
