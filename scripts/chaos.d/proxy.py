"""A proxy before the servers: takes turns, retries nothing, and cuts connections where it is told to."""

import asyncio
import collections
import threading

CUTS = ["cut before request", "cut mid-request", "cut before response", "cut mid-response"]

# The calls of an agent, then everybody else's.
CALLS = ["claim", "heartbeat", "log", "steps", "finish", "hook", "other"]


class Proxy:
    def __init__(self, ports, history):
        self.ports = ports
        self.history = history
        self.port = None
        self.armed = collections.Counter()
        self.turn = 0
        self.pumps = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def start(self):
        ready = threading.Event()
        self.loop.call_soon_threadsafe(lambda: self.loop.create_task(self._listen(ready)))
        self.thread.start()
        ready.wait()

    def stop(self):
        if self.thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(10)
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()

    def arm(self, cut, call):
        """The next request of the kind is cut there."""
        self.loop.call_soon_threadsafe(lambda: self.armed.update({(cut, call): 1}))

    def disarm(self):
        self.loop.call_soon_threadsafe(self.armed.clear)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _listen(self, ready):
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=512)
        self.port = self.server.sockets[0].getsockname()[1]
        ready.set()

    async def _close(self):
        self.server.close()
        for task in list(self.pumps):
            task.cancel()
        await asyncio.gather(*self.pumps, return_exceptions=True)

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self.pumps.add(task)
        try:
            self.turn += 1
            port = self.ports[self.turn % len(self.ports)]
            await Exchange(self, reader, writer).run(port)
        except (OSError, asyncio.CancelledError, asyncio.TimeoutError):
            writer.transport.abort()
        finally:
            self.pumps.discard(task)

    def takes(self, cut, call):
        """Whether a cut is due here; then it is used up and counted."""
        if self.armed[(cut, call)] <= 0:
            return False
        self.armed[(cut, call)] -= 1
        self.history.moment(cut, call)
        return True


class Exchange:
    """One client's connection and the one to a server that it is passed on to."""

    def __init__(self, proxy, reader, writer):
        self.proxy = proxy
        self.client = (reader, writer)
        self.server = None
        self.call = "other"
        self.answering = True

    async def run(self, port):
        self.server = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 10)
        pumps = [
            asyncio.create_task(self._pump(self.client[0], self.server[1], self._request)),
            asyncio.create_task(self._pump(self.server[0], self.client[1], self._response)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._abort()

    async def _pump(self, reader, writer, judge):
        while data := await reader.read(1 << 16):
            passed, goes_on = judge(data)
            if passed:
                writer.write(passed)
                await writer.drain()
            if not goes_on:
                # What was passed on is to arrive before the reset.
                await asyncio.sleep(0.02)
                return

    def _request(self, data):
        """What of a piece of a request is passed on, and whether more will be."""
        if self.answering and data[:8].split(b" ")[0] in (b"GET", b"POST", b"DELETE", b"PATCH", b"PUT"):
            self.answering = False
            self.call = kind(data)
            if self.proxy.takes(CUTS[0], self.call):
                return b"", False
        if self.proxy.takes(CUTS[1], self.call):
            return data[: len(data) // 2], False
        return data, True

    def _response(self, data):
        if not self.answering:
            self.answering = True
            if self.proxy.takes(CUTS[2], self.call):
                return b"", False
        if self.proxy.takes(CUTS[3], self.call):
            return data[: len(data) // 2], False
        return data, True

    def _abort(self):
        for _, writer in filter(None, [self.client, self.server]):
            writer.transport.abort()


def kind(request):
    """Which of CALLS a request is, by its first line."""
    path = request.split(b" ", 2)[1].split(b"?")[0]
    if path.startswith(b"/agent/"):
        name = path.rsplit(b"/", 1)[1].decode()
        return name if name in CALLS else "other"
    return "hook" if path.endswith(b"/hook") else "other"
