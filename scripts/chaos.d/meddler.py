"""Somebody who changes their mind about builds all the time."""

from chance import Bag
from history import Action
from workload import Worker


class Meddler(Worker):
    """Cancels what waits and runs, restarts what has ended, makes copies."""

    def __init__(self, name, repos, *arguments):
        super().__init__(name, *arguments)
        self.repos = repos
        self.bag = Bag(["cancel", "cancel", "restart", "restart", "fork"], self.randomness)
        self.wish = None

    def act(self):
        """One after the other, each as soon as there is a build for it."""
        repo = self.randomness.choice(self.repos).name
        self.wish = self.wish or self.bag.draw()
        fitting = [build for build in self.world.api.builds(repo) if self.fits(build)]
        if not fitting or (self.wish != "cancel" and self.world.backlog > self.world.most_waiting):
            return
        getattr(self, self.wish)(repo, self.randomness.choice(fitting))
        self.wish = None

    def fits(self, build):
        unfinished = any(job["status"] in ("pending", "running") for job in build["jobs"])
        return {"cancel": unfinished, "restart": not unfinished and not build["error"], "fork": True}[self.wish]

    def cancel(self, repo, build):
        jobs = [job["number"] for job in build["jobs"] if job["status"] in ("pending", "running")]
        number, job = build["number"], self.randomness.choice(jobs)
        self.ask(Action("cancel", repo, number, job), "DELETE", f"/api/repos/{repo}/logs/{number}/{job}")
        self.history.moment("job cancelled", f"{repo}/{number}/{job}")

    def restart(self, repo, build):
        number = build["number"]
        self.ask(Action("restart", repo, number), "POST", f"/api/repos/{repo}/builds/{number}")
        self.history.moment("build restarted", f"{repo}/{number}")

    def fork(self, repo, build):
        number = build["number"]
        self.ask(Action("fork", repo, number), "POST", f"/api/repos/{repo}/builds/{number}?fork=true")
        self.history.moment("build forked", f"{repo}/{number}")

    def ask(self, action, method, path):
        self.history.act(action)
        action.status, action.reply = self.world.api.json(method, path)
