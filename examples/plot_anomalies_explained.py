"""
Anomalies, and which sensor they come from
==========================================

A reducer that has only seen normal rows leaves more of an abnormal one unexplained, and the
columns in which it does so say what is wrong. Here, sensors of a wearable are swapped for those of
another recording, so it is known which rows are broken, and where.
"""

# %%
# Recordings of six sensors of a watch (acceleration and rotation along three axes, ten readings a
# second) while people walk, run, stand or play badminton. Rows are windows of two seconds; their
# columns are the mean of each sensor and the logarithm of its deviation.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from aeon.datasets import load_basic_motions
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder, ReconstructionOutlierDetector

sensors = [f"{kind} {axis}" for kind in ("acceleration", "rotation") for axis in "xyz"]
columns = [f"{sensor}, {value}" for sensor in sensors for value in ("mean", "spread")]


def windows(recordings):
    """Table of (recording, window) and columns."""
    starts = range(0, recordings.shape[2] - 19, 5)
    cut = np.stack([recordings[:, :, start : start + 20] for start in starts], axis=1)
    values = np.stack([cut.mean(axis=3), np.log(cut.std(axis=3) + 0.01)], axis=3)
    return values.reshape(-1, len(columns))


recordings = {split: load_basic_motions(split=split) for split in ("train", "test")}
X_train = pd.DataFrame(windows(recordings["train"][0]), columns=columns)
normal, activity = recordings["test"]
print(X_train.shape)

# %%
# In a copy of each test recording, one sensor is replaced by the same sensor of a recording of
# another activity: every single value is a normal one, but not together with the others.

rng = np.random.default_rng(0)
broken = normal.copy()
broken_sensor = rng.integers(len(sensors), size=len(normal))
for i, sensor in enumerate(broken_sensor):
    other = rng.choice(np.flatnonzero(activity != activity[i]))
    broken[i, sensor] = normal[other, sensor]

n_windows = len(windows(normal[:1]))
X_test = pd.DataFrame(np.concatenate([windows(normal), windows(broken)]), columns=columns)
is_broken = np.repeat([False, True], len(normal) * n_windows)
what = np.where(is_broken, "sensor replaced", "normal")

# %%
# The detector holds rows out of each fit to find its threshold. It takes any reducer, so PCA
# stands beside the autoencoder; so does the distance to the fifth neighbour.

reducers = {"autoencoder": Autoencoder(0.9), "PCA": PCA(0.9)}
detectors = {
    name: make_pipeline(
        StandardScaler(), ReconstructionOutlierDetector(reducer, random_state=0)
    ).fit(X_train)
    for name, reducer in reducers.items()
}
scores = {name: -detector.score_samples(X_test) for name, detector in detectors.items()}
scaler = StandardScaler().fit(X_train)
neighbours = NearestNeighbors(n_neighbors=5).fit(scaler.transform(X_train))
scores["fifth neighbour"] = neighbours.kneighbors(scaler.transform(X_test))[0][:, -1]
for name, score in scores.items():
    print(f"{name:16s} area under the ROC curve {roc_auc_score(is_broken, score):.3f}")

# %%
# Anomaly scores of test windows and the threshold, which has seen no broken sensor. Many windows
# with a replaced sensor look normal, as two activities may move one sensor alike; of those that do
# not, the autoencoder finds more than PCA at about as many false alarms.

from skae.inspection import ReconstructionErrorDisplay

figure, axes = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
for ax, (name, detector) in zip(axes, detectors.items(), strict=True):
    ReconstructionErrorDisplay.from_estimator(detector, X_test, what, ax=ax)
    ax.set(title=name, ylim=(0, 0.1))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), frameon=False)
plt.show()

# %%
# Which sensor is it?
# -------------------
#
# ``feature_contributions`` shares a score out among the columns. Here is the window with the
# highest score of all, and what makes it so. A sensor that contradicts others makes these look
# wrong too, so more than the one that was replaced is named:

from skae.inspection import FeatureContributionDisplay

worst = int(scores["autoencoder"].argmax())
culprit = np.repeat(broken_sensor, n_windows)[worst - np.argmax(is_broken)]
print(f"row {worst}, replaced: {sensors[culprit]}")
FeatureContributionDisplay.from_estimator(
    detectors["autoencoder"], X_test, rows=worst, n_features=6
)
plt.show()

# %%
# A whole recording says more. Eight of them, one in a line, with the number of each the sensor
# that was replaced, and for every sensor the sum of its two columns, in the mean over windows. In
# most lines the darkest cell is the right one; where the score is low, no sensor stands out.


def shares(detector):
    """Contribution of each sensor to the score of each broken recording."""
    rows = detector[:-1].transform(X_test[is_broken])
    contributions = detector[-1].feature_contributions(rows).to_numpy()
    return contributions.reshape(len(broken), n_windows, len(sensors), 2).sum(axis=3).mean(axis=1)


shown = range(0, 40, 5)
FeatureContributionDisplay(
    shares(detectors["autoencoder"])[shown],
    feature_names=sensors,
    row_names=[f"{i}, {sensors[broken_sensor[i]]}" for i in shown],
    score_name="mean anomaly score",
).plot()
plt.show()

# %%
# How often the sensor that contributes most is the one that was replaced; by chance it would be
# one in six. For this PCA is as good: what the autoencoder adds are rows found, not better
# reasons.

for name, detector in detectors.items():
    named = shares(detector).argmax(axis=1)
    print(
        f"{name:12s} names the right sensor in {np.mean(named == broken_sensor):.0%} of recordings"
    )
