"""Recipe of PyTorch: a loop as one writes it with care for a table that fits in memory."""

from itertools import pairwise, product

import numpy as np
import torch
from sklearn.model_selection import KFold
from torch import nn

from benchmarks.peers._recipe import Recipe
from benchmarks.peers._task import (
    BATCH_SIZE,
    HIDDEN,
    LEARNING_RATE,
    LEARNING_RATES,
    N_COMPONENTS,
    N_FOLDS,
    SIZES,
)


class Loop(Recipe):
    def __init__(self):
        torch.set_num_threads(1)  # faster for so small matrices

    def fit(self, X, epochs, seed=0, hidden=HIDDEN, learning_rate=LEARNING_RATE):
        torch.manual_seed(seed)
        X = torch.from_numpy(np.ascontiguousarray(X, np.float32))
        model = nn.Sequential(
            dense(X.shape[1], *hidden, N_COMPONENTS), dense(N_COMPONENTS, *hidden[::-1], X.shape[1])
        )
        optimizer = torch.optim.Adam(model.parameters(), learning_rate, fused=True)
        for _ in range(epochs):
            train_epoch(model, optimizer, X)
        return model.eval()

    def one_row(self, fitted, row):
        with torch.inference_mode():
            return fitted[0](torch.from_numpy(row)).numpy()

    def reconstruct(self, fitted, X):
        with torch.inference_mode():
            return fitted(torch.from_numpy(np.ascontiguousarray(X, np.float32))).numpy()

    def search(self, X, epochs):
        candidates = list(product(SIZES, LEARNING_RATES))
        errors = [self.validation_error(X, epochs, *each) for each in candidates]
        best = candidates[int(np.argmin(errors))]
        self.fit(X, epochs, 0, *best)
        return best

    def validation_error(self, X, epochs, hidden, learning_rate):
        errors = []
        for train, test in KFold(N_FOLDS).split(X):
            fitted = self.fit(X[train], epochs, 0, hidden, learning_rate)
            errors.append(np.mean((X[test] - self.reconstruct(fitted, X[test])) ** 2))
        return np.mean(errors)


def dense(*sizes):
    """Linear layers with an activation between them, none after the last."""
    layers = [(nn.Linear(n_in, n_out), nn.ReLU()) for n_in, n_out in pairwise(sizes)]
    return nn.Sequential(*[layer for pair in layers for layer in pair][:-1])


def train_epoch(model, optimizer, X):
    # Rows are indexed, which a DataLoader does one by one, and no loss is fetched.
    for batch in X[torch.randperm(len(X))].split(BATCH_SIZE):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(batch), batch).backward()
        optimizer.step()
