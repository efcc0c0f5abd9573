"""One target under atheris, in this process: ``python -m fuzz._one load [libFuzzer's options]``."""

import contextlib
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import atheris

with atheris.instrument_imports(include=["skae"], enable_loader_override=False):
    pass

from fuzz._targets import TARGETS


def main():
    target = TARGETS[sys.argv.pop(1)]()

    def once(data):
        with contextlib.suppress(target.refusals):
            target.read(data)

    options = {} if target.mutated is None else {"custom_mutator": mutator(target)}
    atheris.Setup(sys.argv, once, **options)
    atheris.Fuzz()


def mutator(target):
    """Every other time, a mutation whose checksum fits, so that more than that is read."""

    def mutate(data, most, seed):
        made = target.mutated(data, seed) if seed % 2 else None
        if made is None or len(made) > most:
            return atheris.Mutate(data, len(data)) if data else b"\0"
        return made

    return mutate


if __name__ == "__main__":
    main()
