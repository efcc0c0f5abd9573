"""A pause of Python's garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collections_put_off() -> Iterator[None]:
    """Collect no garbage in a block that makes many objects which stay.

    Importing Keras and TensorFlow makes 300,000 of them, and Python would look through all it has
    so far again and again: a quarter of the time of the import.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        # What is frozen and unfrozen counts as old: the next collections of what is new do not
        # look through it. Objects that somebody else has frozen stay so.
        if gc.get_freeze_count() == 0:
            gc.freeze()
            gc.unfreeze()
        gc.enable()
