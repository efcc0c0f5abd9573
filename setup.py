"""The compiled loops of skae; everything else is said in pyproject.toml."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "skae.numerics._kernels",
            ["skae/numerics/_kernels.c"],
            # Vectors of what could overflow or trap; other compilers warn of what they do not know.
            extra_compile_args=["-O3", "-fno-math-errno", "-fno-trapping-math"],
            py_limited_api=True,
            # Where there is no compiler, numpy computes the same, more slowly.
            optional=True,
        )
    ],
    # One wheel of a system for this Python and all later ones.
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
