"""Recipe of PyTorch: a loop as one writes it with care for a table that fits in memory."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from benchmarks.peers._recipe import LoopSearch
from benchmarks.peers._task import (
    BATCH_SIZE,
    HIDDEN,
    LEARNING_RATE,
    N_COMPONENTS,
)


class Loop(LoopSearch):
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
