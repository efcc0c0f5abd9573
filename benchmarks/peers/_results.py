"""All samples of a run, and where they were taken; as JSON, to draw from again."""

import json
import os
import platform
from contextlib import closing
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from time import perf_counter

from benchmarks._harness import processor
from benchmarks.peers._measures import MEASURES
from benchmarks.peers._peers import missing
from benchmarks.peers._processes import Workers

PACKAGES = ("scikit-learn", "keras", "tensorflow", "torch", "scikeras", "pyod", "numpy")


def version_of(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def machine():
    """Where and when, as pairs to print."""
    return {
        "processor": processor().strip(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: version_of(package) for package in PACKAGES},
        "date": date.today().isoformat(),
    }


class Results:
    """For each peer: the samples of each measure, what failed, and what it lacks."""

    def __init__(self, machine, plan, peers):
        self.machine, self.plan, self.peers = machine, plan, peers

    @classmethod
    def empty(cls, peers, plan):
        entries = {
            peer.key: {"missing": missing(peer), "samples": {}, "errors": {}} for peer in peers
        }
        return cls(machine(), plan._asdict(), entries)

    @classmethod
    def load(cls, path):
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def save(self, path):
        """Whole or not at all."""
        draft = path.with_name(f"{path.name}.draft")
        draft.write_text(json.dumps(vars(self), indent=1) + "\n", encoding="utf-8")
        draft.replace(path)

    def add(self, peer, measure, turn, sample):
        entry = self.peers[peer.key]
        if "error" in sample:
            entry["errors"][measure.key] = sample["error"]
        elif turn >= 0:
            entry["samples"].setdefault(measure.key, []).append(sample["value"])

    def can(self, peer, measure):
        entry = self.peers[peer.key]
        failed = measure.key in entry["errors"]
        return measure.key in peer.measures and not entry["missing"] and not failed

    def median(self, key, measure):
        """None where nothing was measured."""
        samples = self.peers.get(key, {"samples": {}})["samples"].get(measure)
        return median(samples) if samples else None

    def spreads(self, measure):
        """The range of the samples over their median, of each peer that has several."""
        entries = [entry["samples"].get(measure, []) for entry in self.peers.values()]
        return [(max(each) - min(each)) / median(each) for each in entries if len(each) > 1]

    def n_samples(self, measure):
        """How many samples of a measure the peers have at most."""
        return max(len(entry["samples"].get(measure, [])) for entry in self.peers.values())


def run(peers, plan, tell):
    """All samples; the peers take turns, so that all meet the same machine."""
    results = Results.empty(peers, plan)
    with closing(Workers(plan)) as workers:
        for measure in MEASURES:
            start = perf_counter()
            for turn in range(1) if plan.is_smoke else measure.turns:
                for peer in peers:
                    if results.can(peer, measure):
                        results.add(peer, measure, turn, workers.sample(peer, measure, turn))
            tell(f"{measure.label}: {perf_counter() - start:.0f} s")
    return results
