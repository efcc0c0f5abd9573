"""A process for each peer, which waits while the others take their turn.

    python -m benchmarks.peers._processes KEY PLAN

reads a line for each sample from its standard input and answers with a line of JSON.
"""

import json
import os
import subprocess
import sys
from contextlib import closing

from benchmarks._harness import ROOT, import_seconds
from benchmarks.peers._measures import Plan, Session
from benchmarks.peers._peers import BY_KEY, recipe_of


class Worker:
    """The near end: asks a process for samples of one peer."""

    def __init__(self, peer, plan):
        command = [sys.executable, "-m", __spec__.name, peer.key, json.dumps(plan)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, cwd=ROOT, text=True, bufsize=1, **pipes)

    def sample(self, measure, turn):
        """``{"value": ...}``, or ``{"error": ...}``: a peer that fails is reported."""
        try:
            print(json.dumps([measure.key, turn]), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        return json.loads(answer) if answer else {"error": "its process ended"}

    def close(self):
        self._process.communicate()


class Workers:
    """One lasting process for each peer, and fresh ones where a measure asks for them."""

    def __init__(self, plan):
        self._plan, self._lasting = plan, {}

    def sample(self, peer, measure, turn):
        if measure.key == "import":
            return import_sample(peer.statement)
        if measure.is_fresh and not self._plan.is_smoke:
            with closing(Worker(peer, self._plan)) as worker:
                return worker.sample(measure, turn)
        if peer.key not in self._lasting:
            self._lasting[peer.key] = Worker(peer, self._plan)
        return self._lasting[peer.key].sample(measure, turn)

    def close(self):
        for worker in self._lasting.values():
            worker.close()


def import_sample(statement):
    try:
        return {"value": import_seconds(statement)}
    except subprocess.CalledProcessError:
        return {"error": f"{statement!r} fails"}


# The far end


def answer(session, key, turn):
    try:
        return {"value": getattr(session, key)(turn)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"}


def serve(peer, plan):
    # What a library prints is not an answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    session = Session(recipe_of(peer), plan)
    for line in sys.stdin:
        print(json.dumps(answer(session, *json.loads(line))), file=answers)


if __name__ == "__main__":
    serve(BY_KEY[sys.argv[1]], Plan(*json.loads(sys.argv[2])))
