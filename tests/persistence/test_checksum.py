"""What a checksum tells apart, of values that are neither numbers nor text."""

import datetime
import decimal
import fractions
import pickle
import uuid
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skae.states import checksum

PAIRS = {
    "date": (datetime.date(2024, 1, 24), datetime.date(2028, 1, 24)),
    "datetime": (datetime.datetime(2024, 1, 1, 5), datetime.datetime(2024, 1, 1, 6)),
    "zone": (datetime.UTC, datetime.timezone(datetime.timedelta(hours=1))),
    "time": (datetime.time(5), datetime.time(5, 0, 0, 1)),
    "duration": (datetime.timedelta(1), datetime.timedelta(1, 1)),
    "timestamp": (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-01 00:00:00.000000001")),
    "decimal": (decimal.Decimal("1.0"), decimal.Decimal("1.1")),
    "fraction": (fractions.Fraction(1, 3), fractions.Fraction(2, 3)),
    "complex": (1 + 2j, 1 + 3j),
    "range": (range(3), range(4)),
    "uuid": (uuid.UUID(int=1), uuid.UUID(int=2)),
    "path": (PurePosixPath("a"), PurePosixPath("b")),
    "coo": (sparse.coo_array([[1.0, 0.0]]), sparse.coo_array([[0.0, 1.0]])),
    "lil": (sparse.lil_array([[1.0, 0.0]]), sparse.lil_array([[2.0, 0.0]])),
    "dia": (sparse.dia_array(np.eye(2)), sparse.dia_array(2 * np.eye(2))),
    "dok": (sparse.dok_array(np.eye(2)), sparse.dok_array(2 * np.eye(2))),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_another_value_has_another_checksum(kind):
    one, other = PAIRS[kind]
    assert checksum([one]) != checksum([other])
    assert checksum([one]) == checksum([pickle.loads(pickle.dumps(one))])
