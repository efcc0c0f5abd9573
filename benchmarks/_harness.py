"""What the benchmarks share: clocks, fresh processes, the Keras side, rows of one table.

Only the standard library stands at the top, so that a fresh process can be measured from here.
"""

import argparse
import atexit
import json
import os
import platform
import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is first imported

ROOT = Path(__file__).parents[1]
COLUMNS = ("what", "skae", "peer", "peer's", "measured", "bar", "ok")
PACKAGES = ("numpy", "scikit-learn", "keras", "tensorflow")


# Options


def parse_options(description, argv, *flags):
    """The options of one benchmark, see ``option_parser``."""
    return option_parser(description, *flags).parse_args(argv)


def option_parser(description, *flags):
    """A parser of ``--quick``, and of the ``flags`` given as (name, help)."""
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    for name, text in [("--quick", "a smoke run: small and few, its numbers mean little"), *flags]:
        parser.add_argument(name, action="store_true", help=text)
    return parser


# Clocks


def seconds(function, *arguments):
    """How long one call takes."""
    start = perf_counter()
    function(*arguments)
    return perf_counter() - start


def epoch_seconds(fit, few, many):
    """Steady time of an epoch: what more epochs cost, so that every start-up falls out."""
    return (seconds(fit, many) - seconds(fit, few)) / (many - few)


def call_seconds(function, number):
    """Mean time of a call over ``number`` calls in a row."""
    return seconds(lambda: [function() for _ in range(number)]) / number


def medians(repeats, *samplers):
    """Median of what each sampler returns; they take turns, so that all meet the same machine."""
    samples = [[sampler() for sampler in samplers] for _ in range(repeats)]
    return [median(column) for column in zip(*samples, strict=True)]


# Fresh processes


def run_fresh(code, *arguments, **environment):
    """What ``code`` prints last in a new interpreter, as JSON."""
    command = [sys.executable, "-c", code, *arguments]
    environment = {**os.environ, **environment}
    output = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(output.stdout.splitlines()[-1])


def in_fresh_process(function, *arguments):
    """What a function of a benchmark returns when a new interpreter runs it."""
    module = sys.modules[function.__module__].__spec__.name
    name = function.__name__
    call = f"json.dumps({name}(*json.loads(sys.argv[1])))"
    return run_fresh(
        f"import json, sys; from {module} import {name}; print({call})", json.dumps(arguments)
    )


def import_seconds(statement):
    """How long an import takes in a new interpreter, whose own start is not counted.

    Modules were compiled before, as those of an installed package are, whatever the environment
    says of that.
    """
    clock = "perf_counter()"
    code = f"from time import perf_counter; t = {clock}; {statement}; t = {clock} - t; print(t)"
    with_bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": _bytecode()}
    if statement not in _COMPILED:
        run_fresh(code, **with_bytecode)
        _COMPILED.add(statement)
    return run_fresh(code, **with_bytecode)


_COMPILED = set()


@cache
def _bytecode():
    """A folder for compiled modules, which goes with this process."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return folder.name


def status_mb(field):
    """A field of this process' status in MB, such as VmRSS; Linux only."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(f"/proc/self/status has no field {field}")


# The Keras side


def keras_autoencoder(n_features, hidden, n_components, learning_rate=1e-3):
    """The autoencoder and its encoder as one writes them by hand."""
    import keras

    def dense(sizes, layer):
        for size in sizes:
            layer = keras.layers.Dense(size, activation="gelu")(layer)
        return layer

    rows = keras.Input((n_features,))
    code = keras.layers.Dense(n_components)(dense(hidden, rows))
    model = keras.Model(rows, keras.layers.Dense(n_features)(dense(hidden[::-1], code)))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="mse")
    return model, keras.Model(rows, code)


# The table


def duration(value):
    """Seconds with a fitting unit, in three digits."""
    unit, size = next((pair for pair in (("s", 1), ("ms", 1e-3)) if value >= pair[1]), ("us", 1e-6))
    return f"{value / size:.3g} {unit}"


def megabytes(value):
    return f"{value:.0f} MB"


def times(value):
    return f"{value:.3g} x"


def verdict(measured, bar, show):
    """The last three cells of a row: the value, its bar, and whether that holds."""
    if bar is None:
        return [show(measured), "", ""]
    return [show(measured), f"<= {show(bar)}", "yes" if measured <= bar else "NO"]


def compared(what, ours, peer, theirs, bar=None):
    """A row that holds ``ours / theirs``, two durations, against a bar."""
    return [what, duration(ours), peer, duration(theirs), *verdict(ours / theirs, bar, times)]


def limited(what, ours, bar=None, show=duration):
    """A row that holds our own value against a bar."""
    return [what, show(ours), "", "", *verdict(ours, bar, show)]


def print_machine():
    """One line: where the numbers come from."""
    versions = [f"{package} {version(package)}" for package in PACKAGES]
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {processor()}"
    print(f"{system}; Python {platform.python_version()}, {', '.join(versions)}\n")


def processor():
    """The model of the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if "model name" in line), "")


def print_table(columns, rows):
    """A Markdown table, aligned."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in (columns, ["-" * width for width in widths], *rows):
        print("|", " | ".join(map(str.ljust, row, widths)), "|")


def report_parts(parts, description, argv, columns=COLUMNS):
    """Run the measures of the parts that the command line names, or of all."""
    parser = option_parser(description, *((f"--{name}", f"only {name}") for name in parts))
    parser.add_argument("--jobs", type=int, default=1, help="processes, where fits are independent")
    options = parser.parse_args(argv)
    chosen = [name for name in parts if getattr(options, name.replace("-", "_"))] or list(parts)
    report([measure for name in chosen for measure in parts[name]], options, columns)


def report(measures, options, columns=COLUMNS):
    """Run the measures one after another, then print the machine and one table."""
    rows = []
    for measure in measures:
        print(f"{measure.__name__} ...", file=sys.stderr, flush=True)
        for row in measure(options):
            # Told at once, as an interruption loses the table.
            print("  " + " | ".join(map(str, row)), file=sys.stderr, flush=True)
            rows.append(row)
    print_machine()
    print_table(columns, rows)
