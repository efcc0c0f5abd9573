"""The server of the examples: it answers as the estimator does, and refuses what is no row."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae

pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx")

APP = Path(__file__).parents[2] / "examples" / "serving" / "app.py"
X = load_digits().data[:100]
QUICK = {"hidden_layer_sizes": (), "random_state": 0}


class Client:
    """Requests to an application in this process, without a socket."""

    def __init__(self, app):
        self.app = app

    def request(self, *about, **content):
        async def answer():
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
                return await client.request(*about, **content)

        return asyncio.run(answer())


@pytest.fixture(scope="module")
def example():
    return run_path(str(APP))


@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(StandardScaler(), skae.Autoencoder(3, **QUICK)).fit(X)


@pytest.fixture(scope="module")
def client(example, pipeline):
    return Client(example["make_app"](pipeline))


def asked(client, method, rows):
    response = client.request("POST", f"/{method}", json={"rows": np.asarray(rows).tolist()})
    assert response.status_code == 200, response.text
    return response.json()["values"]


@pytest.mark.parametrize("method", ["transform", "score_samples"])
def test_it_answers_as_the_estimator_does(client, pipeline, method):
    expected = getattr(pipeline, method)(X[:7])
    np.testing.assert_array_equal(asked(client, method, X[:7]), expected)


def test_it_says_what_it_serves(client):
    expected = {
        "estimator": "Pipeline",
        "n_features": 64,
        "methods": ["transform", "score_samples"],
    }
    assert client.request("GET", "/about").json() == expected


def test_a_detector_is_asked_for_labels(example):
    reducer = skae.Autoencoder(3, **QUICK)
    detector = skae.ReconstructionOutlierDetector(reducer, calibration_fraction=0.5).fit(X)
    client, odd = Client(example["make_app"](detector)), np.full((1, 64), 1e4)
    assert asked(client, "predict", [*X[:3], *odd]) == [*detector.predict(X[:3]), -1]


ROW = [0.0] * 64
REFUSED = {
    "a row that is too short": ([ROW, ROW[1:]], "at least 64 items"),
    "a row that is too long": ([[*ROW, 0.0]], "at most 64 items"),
    "no row": ([], "at least 1 item"),
    "more rows than it takes": ([ROW] * 10_001, "at most 10000 items"),
    "text": ([["a", *ROW[1:]]], "valid number"),
    "nothing": ([[None, *ROW[1:]]], "valid number"),
    "infinity": ([["Infinity", *ROW[1:]]], "finite number"),
    "not a number": ([["NaN", *ROW[1:]]], "finite number"),
}


@pytest.mark.parametrize(("rows", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_row_is_refused(client, rows, why):
    response = client.request("POST", "/transform", json={"rows": rows})
    assert response.status_code == 422
    assert why in response.text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
def test_numbers_that_are_not_finite_are_refused(client, number):
    content = f'{{"rows": [[{number}, {", ".join(["1"] * 63)}]]}}'
    headers = {"content-type": "application/json"}
    response = client.request("POST", "/transform", content=content, headers=headers)
    assert response.status_code == 422
    assert "finite" in response.text


def test_codes_in_frames_are_served(example):
    linear = skae.Autoencoder(2, hidden_layer_sizes=(), random_state=0)
    framed = linear.set_output(transform="pandas").fit(X)
    codes = asked(Client(example["make_app"](framed)), "transform", X[:3])
    np.testing.assert_array_equal(codes, framed.transform(X[:3]).to_numpy())


def test_what_the_estimator_refuses_is_told(client):
    response = client.request("POST", "/transform", json={"rows": [[1e300, *ROW[1:]]]})
    assert response.status_code == 422
    assert "beyond the largest float32" in response.text


def test_a_stored_pipeline_is_served_without_tensorflow(pipeline, tmp_path):
    path = tmp_path / "pipeline.skae"
    skae.save(pipeline, path)
    ask = """
import json, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("keras", "tensorflow"):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Blocker())
import asyncio, httpx
from runpy import run_path

async def ask():
    transport = httpx.ASGITransport(app=run_path(sys.argv[1])["stored_app"]())
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        return await client.post("/score_samples", json={"rows": [[1.0] * 64]})

print(json.dumps(asyncio.run(ask()).json()))
"""
    environment = {**os.environ, "SKAE_MODEL": str(path)}
    command = [sys.executable, "-c", ask, str(APP)]
    answer = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=120, env=environment
    )
    expected = pipeline.score_samples(np.ones((1, 64))).tolist()
    assert json.loads(answer.stdout.splitlines()[-1])["values"] == expected
