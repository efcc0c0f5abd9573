"""
Tuning an autoencoder in a Pipeline
===================================

Autoencoders are searched as any other estimator: in a :class:`~sklearn.pipeline.Pipeline`, with
:class:`~sklearn.model_selection.GridSearchCV`, and with PCA as one of the candidates.
"""

# %%
# 900 of scikit-learn's digits, the others held out. The scorer compares reconstructions in the
# units of the images, also where a step of the Pipeline scales them: the share of the variance
# that is kept. PCA is the first candidate, and says what there is to win.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from skae import Autoencoder
from skae.metrics import reconstruction_r2_scorer

X_train, X_test = train_test_split(load_digits().data, train_size=900, random_state=0)
pipeline = Pipeline([("scale", MinMaxScaler()), ("reduce", PCA(8))])
grid = [
    {"reduce": [PCA(8)]},
    {
        "reduce": [Autoencoder(8, max_iter=40, random_state=0)],
        "reduce__hidden_layer_sizes": [(64,), (256,), (256, 64)],
        "reduce__learning_rate": [0.0005, 0.002, 0.008],
    },
]
search = GridSearchCV(pipeline, grid, scoring=reconstruction_r2_scorer, cv=3).fit(X_train)

results = pd.DataFrame(search.cv_results_)
of_pca, results = results.iloc[0], results.iloc[1:]
print(f"PCA: {of_pca['mean_test_score']:.3f}")
print(f"best: {search.best_score_:.3f}, {search.best_params_}")

# %%
# The share of the variance that is kept on held-out rows, mean over three folds. Every cell is
# above PCA, and they differ less from each other than from it.

table = results.assign(
    layers=results["param_reduce__hidden_layer_sizes"].map(str),
    rate=results["param_reduce__learning_rate"].astype(float),
).pivot(index="layers", columns="rate", values="mean_test_score")
table = table.loc[["(64,)", "(256,)", "(256, 64)"]]

figure, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
image = ax.imshow(table, cmap="viridis", aspect="auto")
for place, score in np.ndenumerate(table.to_numpy()):
    colour = "black" if image.norm(score) > 0.5 else "white"
    ax.text(*place[::-1], f"{score:.3f}", ha="center", va="center", color=colour)
ax.set_xticks(range(table.shape[1]), [f"{rate:g}" for rate in table.columns])
ax.set_yticks(range(table.shape[0]), table.index)
ax.set(xlabel="learning rate", ylabel="hidden layers")
ax.set_title(f"R² on held-out rows (PCA: {of_pca['mean_test_score']:.3f})")
figure.colorbar(image, label="R²")
plt.show()

# %%
# The best candidate, fitted to all training rows: its loss epoch by epoch, and the epoch whose
# weights were kept.

from skae.inspection import LossCurveDisplay

LossCurveDisplay.from_estimator(search, log_scale=True)
plt.show()

# %%
# It stops falling on held-out rows long before the last epoch, so more epochs would not help;
# :func:`~skae.diagnose` looks for what else could be wrong, on rows that no candidate
# has seen.

from skae import diagnose

print(diagnose(search.best_estimator_, X_test))

# %%
# The scores of a search are a little too good, as the best was chosen by them. Those rows say what
# it is worth:

print(f"PCA            {reconstruction_r2_scorer(pipeline.fit(X_train), X_test):.3f}")
print(f"best candidate {search.score(X_test):.3f}")
