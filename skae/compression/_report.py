"""A report of what compression changed, as a table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CompressionReport:
    """Changes made by :func:`skae.compress`; ``print`` shows them as a table.

    Attributes
    ----------
    n_weights : int
        Weights that could be removed: all but biases.
    sparsity_before, sparsity_after : float
        Share of them that is zero, or went with its channel; rounding adds some.
    n_bytes_before, n_bytes_after : int
        Size of the pickled autoencoder, this report included.
    error_before, error_after : float or None
        Mean loss between rows that were held out and their reconstruction, in squared units of the
        rows, or in nats for ``"binary_crossentropy"``; None without such rows.
    hidden_layer_sizes_before, hidden_layer_sizes_after : tuple of int
        Filters or units of the encoder's hidden layers.
    """

    n_weights: int
    sparsity_before: float
    sparsity_after: float
    n_bytes_before: int
    n_bytes_after: int
    error_before: float | None = None
    error_after: float | None = None
    hidden_layer_sizes_before: tuple[int, ...] = ()
    hidden_layer_sizes_after: tuple[int, ...] = ()

    def __str__(self) -> str:
        lines = [
            ("", "before", "after", "ratio"),
            ("bytes", f"{self.n_bytes_before:,}", f"{self.n_bytes_after:,}",
             f"{self.n_bytes_after / self.n_bytes_before:.3f}"),
            ("sparsity", f"{self.sparsity_before:.3f}", f"{self.sparsity_after:.3f}", ""),
        ]  # fmt: skip
        sizes = (self.hidden_layer_sizes_before, self.hidden_layer_sizes_after)
        if sizes[0] != sizes[1]:
            before, after = (", ".join(map(str, each)) for each in sizes)
            lines.append(("hidden layers", before, after, ""))
        if self.error_before is not None and self.error_after is not None:
            ratio = self.error_after / self.error_before if self.error_before else float("nan")
            before, after = f"{self.error_before:.4g}", f"{self.error_after:.4g}"
            lines.append(("held-out error", before, after, f"{ratio:.3f}"))
        return "\n".join("{:<14} {:>12} {:>12} {:>8}".format(*line).rstrip() for line in lines)
