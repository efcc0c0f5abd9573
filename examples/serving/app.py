"""Codes, scores and labels of rows over HTTP, by a stored estimator and without TensorFlow.

    pip install skae fastapi uvicorn
    SKAE_MODEL=pipeline.skae uvicorn --factory app:stored_app

Fit anywhere, store by ``skae.save``, and ask:

    curl localhost:8000/score_samples --json '{"rows": [[0.0, ...]]}'

``GET /about`` says what is served, and ``/docs`` shows a page to try it. Rows of other widths, and
values that are no finite numbers, are refused by 422, before the estimator sees them.
"""

import os
from typing import Annotated

import numpy as np
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, FiniteFloat

import skae

METHODS = ("transform", "score_samples", "decision_function", "predict", "predict_proba")
MOST_ROWS = 10_000


def stored_app():
    """The server of the file that the environment names."""
    return make_app(skae.load(os.environ["SKAE_MODEL"]))


def make_app(estimator):
    """A server of every method that a fitted estimator has.

    Parameters
    ----------
    estimator : estimator
        It reads rows of numbers: an autoencoder, a detector, a classifier, or a Pipeline that ends
        in one.
    """
    n_features = estimator.n_features_in_
    Row = Annotated[list[FiniteFloat], Field(min_length=n_features, max_length=n_features)]

    class Rows(BaseModel):
        rows: Annotated[list[Row], Field(min_length=1, max_length=MOST_ROWS)]

    class Answer(BaseModel):
        values: list

    app = FastAPI(title=f"A fitted {type(estimator).__name__}", version=skae.__version__)

    @app.exception_handler(RequestValidationError)
    def refuse(_request, error):
        # FastAPI's own answer repeats what was sent, and JSON has no way to write infinity.
        told = [{name: each[name] for name in ("loc", "msg", "type")} for each in error.errors()]
        return JSONResponse({"detail": told}, status_code=422)

    @app.get("/about")
    def about():
        """What is served."""
        return {
            "estimator": type(estimator).__name__,
            "n_features": n_features,
            "methods": served,
        }

    def serve(method):
        # No `async`: each request has a thread, and numpy computes outside Python's lock.
        def answer(given: Rows) -> Answer:
            try:
                values = getattr(estimator, method)(np.array(given.rows))
            except ValueError as error:  # what only the estimator knows, such as rows of no class
                raise HTTPException(422, str(error)) from error
            # Frames too, where the estimator was asked for them.
            return Answer(values=np.asarray(values).tolist())

        app.post(f"/{method}", name=method, description=f"{method} of rows.")(answer)

    served = [method for method in METHODS if hasattr(estimator, method)]
    for method in served:
        serve(method)
    return app
