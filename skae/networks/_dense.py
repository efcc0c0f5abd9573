"""The dense network: its shapes, its starting weights and its numpy twin.

An encoder and a mirrored decoder. With a linear path each half is the sum of one linear layer and
a nonlinear path through the hidden layers::

    code   = x W + b + nonlinear(x)            x (n, n_features), code (n, n_components)
    output = code V + c + nonlinear(code)

Started at PCA the linear layers are the principal directions and the nonlinear paths end in zeros,
so the untrained network reconstructs exactly as PCA does.
"""

from dataclasses import dataclass

import numpy as np

from skae.networks._activations import NUMPY_ACTIVATIONS

# The slope of a logit at one half is 4: the linear path of a network that ends in a sigmoid
# starts there, so that it follows PCA's reconstruction to first order.
_LOGIT_SLOPE = 4.0


@dataclass(frozen=True)
class DenseNetwork:
    """What a dense autoencoder looks like, without any weights.

    Hashable: two networks that compare equal can share a compiled program. ``code_activation`` is
    applied to the code, of which only the ``n_active`` largest values of each row are kept.
    """

    n_features: int
    n_components: int
    hidden_layer_sizes: tuple
    activation: object = "gelu"
    dropout: float = 0.0
    linear_path: bool = True
    code_activation: str = "linear"
    n_active: int | None = None

    @property
    def halves(self):
        """``(name, n_inputs, n_outputs, hidden layer sizes)`` of the encoder and of the decoder."""
        sizes = self.hidden_layer_sizes
        return (
            ("encoder", self.n_features, self.n_components, sizes),
            ("decoder", self.n_components, self.n_features, sizes[::-1]),
        )

    @property
    def has_linear_path(self):
        """Without hidden layers the linear layer is all there is."""
        return self.linear_path or not self.hidden_layer_sizes

    @property
    def is_linear(self):
        """Whether code and output are linear in their input."""
        is_whole = self.code_activation == "linear" and self.n_active is None
        return is_whole and not self.hidden_layer_sizes

    @property
    def widest_layer(self):
        """The most values any layer holds for one row."""
        return max(self.n_features, self.n_components, *self.hidden_layer_sizes, 1)

    def parameter_shapes(self):
        """Shape of every weight, in the order in which fits keep them."""
        shapes = {}
        for half, n_inputs, n_outputs, sizes in self.halves:
            for i, (fan_in, units) in enumerate(zip((n_inputs, *sizes), sizes, strict=False), 1):
                shapes[f"{half}_hidden_{i}/kernel"] = (fan_in, units)
                shapes[f"{half}_hidden_{i}/bias"] = (units,)
            if sizes:
                shapes[f"{half}_nonlinear/kernel"] = (sizes[-1], n_outputs)
            if sizes and not self.has_linear_path:
                shapes[f"{half}_nonlinear/bias"] = (n_outputs,)
            if self.has_linear_path:
                shapes[f"{half}_linear/kernel"] = (n_inputs, n_outputs)
                shapes[f"{half}_linear/bias"] = (n_outputs,)
        return shapes

    def random_weights(self, rng):
        """Glorot uniform kernels (Glorot & Bengio 2010) and zero biases, float32."""
        return {
            name: _glorot_uniform(rng, shape) if len(shape) == 2 else np.zeros(shape, np.float32)
            for name, shape in self.parameter_shapes().items()
        }

    def pca_weights(self, principal, rng, *, output_mean=None):
        """Weights whose code is the whitened PCA score and whose output is PCA's reconstruction.

        Components beyond the rank of the rows start as random directions of the code that the
        decoder ignores.

        Parameters
        ----------
        principal : PrincipalDirections
        rng : numpy.random.Generator
        output_mean : ndarray of shape (n_features,), optional
            For a network that ends in a sigmoid: the mean of its rows, inside [0, 1].
        """
        weights = self.random_weights(rng)
        directions, deviations = principal.leading(self.n_components)
        n_kept = len(deviations)
        encoder, decoder = weights["encoder_linear/kernel"], weights["decoder_linear/kernel"]
        encoder[:, :n_kept] = (directions / deviations[:, None]).T
        decoder[:] = 0.0
        decoder[:n_kept] = directions * deviations[:, None]
        if output_mean is not None:
            weights["encoder_linear/bias"][:] = -(output_mean @ encoder)
            decoder *= _LOGIT_SLOPE
            clipped = np.clip(output_mean, 0.01, 0.99)
            weights["decoder_linear/bias"][:] = np.log(clipped / (1 - clipped))
        for half in ("encoder", "decoder"):
            if self.hidden_layer_sizes:
                weights[f"{half}_nonlinear/kernel"][:] = 0.0
        return weights

    @property
    def has_numpy_twin(self):
        """Whether numpy can score: it knows the activation."""
        return not self.hidden_layer_sizes or self.activation in NUMPY_ACTIVATIONS

    def encode(self, weights, rows):
        """Code of scaled rows, in numpy and in the dtype of the weights."""
        code = NUMPY_ACTIVATIONS[self.code_activation](self._forward("encoder", weights, rows))
        return code if self.n_active is None else _keep_largest(code, self.n_active)

    def decode(self, weights, code):
        """Scaled output of a code, in numpy and in the dtype of the weights."""
        return self._forward("decoder", weights, code)

    def _forward(self, half, weights, inputs):
        output = None
        if self.has_linear_path:
            output = inputs @ weights[f"{half}_linear/kernel"]
            output += weights[f"{half}_linear/bias"]
        if not self.hidden_layer_sizes:
            return output
        activate, hidden = NUMPY_ACTIVATIONS[self.activation], inputs
        for i in range(1, len(self.hidden_layer_sizes) + 1):
            hidden = hidden @ weights[f"{half}_hidden_{i}/kernel"]
            hidden += weights[f"{half}_hidden_{i}/bias"]
            hidden = activate(hidden)
        nonlinear = hidden @ weights[f"{half}_nonlinear/kernel"]
        if output is None:
            return nonlinear + weights[f"{half}_nonlinear/bias"]
        output += nonlinear
        return output


def _keep_largest(code, n_active):
    kept = np.argpartition(-code, n_active - 1, axis=1)[:, :n_active]
    sparse = np.zeros_like(code)
    np.put_along_axis(sparse, kept, np.take_along_axis(code, kept, axis=1), axis=1)
    return sparse


def _glorot_uniform(rng, shape):
    limit = np.sqrt(6.0 / sum(shape))
    return rng.uniform(-limit, limit, shape).astype(np.float32)
