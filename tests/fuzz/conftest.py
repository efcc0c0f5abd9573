"""How much is tried: fifty examples, the same each time, or as many as `make fuzz` asks for."""

import os

from hypothesis import HealthCheck, settings

EVERYTHING = list(HealthCheck)

settings.register_profile(
    "quick",
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=EVERYTHING,
)
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("SKAE_FUZZ_EXAMPLES", "10000")),
    deadline=None,
    suppress_health_check=EVERYTHING,
    print_blob=True,
)
settings.load_profile("fuzz" if os.environ.get("SKAE_FUZZ") else "quick")
