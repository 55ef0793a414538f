"""Skep's REST API, a connection a request."""

import gzip
import http.client
import json


class API:
    def __init__(self, port, token):
        self.port = port
        self.token = token

    def request(self, method, path, body=None, headers=None, timeout=4):
        """Status, headers and body. Throws OSError or HTTPException when no whole answer comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"Authorization": f"Bearer {self.token}"} | (headers or {})
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def json(self, method, path, **more):
        """Status and what the body says; (None, None) when no whole answer came."""
        try:
            status, _, body = self.request(method, path, **more)
            return status, json.loads(body) if body else {}
        except (OSError, http.client.HTTPException, ValueError):
            return None, None

    def builds(self, repo, limit=20):
        status, builds = self.json("GET", f"/api/repos/{repo}/builds?limit={limit}")
        return builds if status == 200 else []

    def all_builds(self, repo):
        """Every build, following the pages' links."""
        path = f"/api/repos/{repo}/builds?limit=100"
        builds = []
        while path:
            status, headers, body = self.request("GET", path, timeout=60)
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
            builds += json.loads(body)
            link = headers.get("Link", "")
            path = link[link.index("<") + 1 : link.index(">")] if 'rel="next"' in link else None
        return builds

    def log(self, repo, build, job, attempt=None, packed=False):
        path = f"/api/repos/{repo}/logs/{build}/{job}" + (f"?attempt={attempt}" if attempt else "")
        headers = {"Accept-Encoding": "gzip" if packed else "identity"}
        status, received, body = self.request("GET", path, headers=headers, timeout=20)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}: {body[:200]}")
        return gzip.decompress(body) if received.get("Content-Encoding") == "gzip" else body
