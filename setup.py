"""The compiled loops of skae; everything else is said in pyproject.toml.

SKAE_WITHOUT_LOOPS=1 leaves them out: such a wheel is for every system, and numpy computes the same.
"""

import os
import sysconfig

from setuptools import Extension, setup

# One file for Python 3.11 and all later ones, which those without a global lock do not load.
IS_FOR_ALL = not sysconfig.get_config_var("Py_GIL_DISABLED")
LOOPS = Extension(
    "skae.numerics._kernels",
    ["skae/numerics/_kernels.c"],
    define_macros=[("Py_LIMITED_API", "0x030B0000")] if IS_FOR_ALL else [],
    # Vectors of what could overflow or trap; other compilers warn of what they do not know.
    extra_compile_args=["-O3", "-fno-math-errno", "-fno-trapping-math"],
    py_limited_api=IS_FOR_ALL,
    # Where no compiler takes it, an installation goes without.
    optional=True,
)

if os.environ.get("SKAE_WITHOUT_LOOPS"):
    setup()
elif IS_FOR_ALL:
    setup(ext_modules=[LOOPS], options={"bdist_wheel": {"py_limited_api": "cp311"}})
else:
    setup(ext_modules=[LOOPS])
