"""Networks as Keras functional models. Loaded on first use only: it imports Keras."""

import keras
import numpy as np

# Said at every layer, so that a global dtype policy of the user's neither matters nor is read.
_DTYPE = "float32"


def build(network):
    """Encoder and decoder of a network, in scaled units and without trained weights.

    Returns
    -------
    encoder, decoder : keras.Model
        Their trainable weights are named as in ``network.parameter_shapes()``.
    """
    return tuple(_half(network, *half) for half in network.halves)


def _half(network, name, n_inputs, n_outputs, sizes):
    inputs = keras.Input((n_inputs,), dtype=_DTYPE, name=f"{name}_input")
    paths = []
    if sizes:
        paths.append(_nonlinear_path(network, name, inputs, n_outputs, sizes))
    if network.has_linear_path:
        paths.append(_dense(n_outputs, f"{name}_linear")(inputs))
    output = (
        paths[0] if len(paths) == 1 else keras.layers.Add(name=f"{name}_sum", dtype=_DTYPE)(paths)
    )
    if name == "encoder":
        output = _finish_code(network, output)
    return keras.Model(inputs, output, name=name)


def _finish_code(network, code):
    if network.code_activation != "linear":
        activation = network.code_activation
        code = keras.layers.Activation(activation, dtype=_DTYPE, name="code_activation")(code)
    if network.n_active is not None:
        code = KeepLargest(network.n_active, dtype=_DTYPE, name="keep_largest")(code)
    return code


@keras.saving.register_keras_serializable("skae")
class KeepLargest(keras.layers.Layer):
    """Keeps the largest values of each row and sets the others to zero.

    Parameters
    ----------
    n_active : int
        How many values are kept.
    """

    def __init__(self, n_active, **kwargs):
        super().__init__(**kwargs)
        self.n_active = n_active

    def call(self, inputs):
        """Apply to a tensor of shape (n, n_units)."""
        ops = keras.ops
        kept = ops.top_k(inputs, self.n_active)[1]
        mask = ops.sum(ops.one_hot(kept, inputs.shape[-1], dtype=inputs.dtype), axis=1)
        return inputs * mask

    def get_config(self):
        """Arguments of the constructor."""
        return {**super().get_config(), "n_active": self.n_active}


def _nonlinear_path(network, name, inputs, n_outputs, sizes):
    hidden = inputs
    for i, units in enumerate(sizes, 1):
        hidden = _dense(units, f"{name}_hidden_{i}", activation=network.activation)(hidden)
        if network.dropout:
            # The seed only satisfies the layer: every fit sets the state of its generator.
            hidden = keras.layers.Dropout(
                network.dropout, seed=0, dtype=_DTYPE, name=f"{name}_dropout_{i}"
            )(hidden)
    return _dense(n_outputs, f"{name}_nonlinear", use_bias=not network.has_linear_path)(hidden)


def _dense(units, name, **options):
    # Every fit loads its own weights; Keras' default initialisers would draw a seed from Python's
    # global generator.
    return keras.layers.Dense(units, dtype=_DTYPE, name=name, kernel_initializer="zeros", **options)


def encode_with_jacobian(network, encoder, rows, slope):
    """Code of scaled rows, and the encoder's Jacobian at each of them, without dropout.

    The chain rule, for all rows at once and from the code back to the rows: a code is narrower
    than a row.

    Parameters
    ----------
    network : DenseNetwork
    encoder : keras.Model
    rows : tensor of shape (n, n_features)
    slope : callable
        ``slope(function, x)`` gives the derivative of an elementwise function at x.

    Returns
    -------
    code : tensor of shape (n, n_components)
    jacobian : tensor of shape (n, n_components, n_features)
    """
    ops, activate = keras.ops, keras.activations.get(network.activation)
    hidden, slopes, kernels = rows, [], []
    for i in range(1, len(network.hidden_layer_sizes) + 1):
        layer = encoder.get_layer(f"encoder_hidden_{i}")
        before = ops.matmul(hidden, layer.kernel) + layer.bias
        hidden = activate(before)
        slopes.append(slope(activate, before))
        kernels.append(layer.kernel)
    jacobian = 0.0
    if kernels:
        jacobian = ops.transpose(encoder.get_layer("encoder_nonlinear").kernel)[None]
        for kernel, factor in zip(kernels[::-1], slopes[::-1], strict=True):
            jacobian = ops.matmul(jacobian * factor[:, None, :], ops.transpose(kernel))
    if network.has_linear_path:
        linear = ops.transpose(encoder.get_layer("encoder_linear").kernel)[None]
        jacobian = jacobian + ops.broadcast_to(
            linear, (ops.shape(rows)[0], network.n_components, network.n_features)
        )
    return encoder(rows, training=False), jacobian


def with_weights(network, weights):
    """Encoder and decoder in scaled units, with trained weights."""
    models = build(network)
    for model in models:
        for variable in model.trainable_variables:
            variable.assign(weights[variable.path])
    return models


def in_input_units(network, weights, mean, scale, output_activation):
    """Encoder and decoder with trained weights, from and to the units of the rows.

    Centring and dividing are two layers: as one multiplication and one sum, rows near 1e6 would
    lose their digits in float32.
    """
    encoder, decoder = with_weights(network, weights)
    rows = keras.Input((network.n_features,), dtype=_DTYPE, name="rows")
    centred = _affine(1.0, -mean, "centre")(rows)
    code = encoder(_affine(1.0 / scale, 0.0, "scale")(centred))
    code_input = keras.Input((network.n_components,), dtype=_DTYPE, name="code")
    output = decoder(code_input)
    if output_activation is not None:
        output = keras.layers.Activation(output_activation, dtype=_DTYPE, name="output_activation")(
            output
        )
    output = _affine(1.0, mean, "uncentre")(_affine(scale, 0.0, "unscale")(output))
    return keras.Model(rows, code, name="encoder"), keras.Model(code_input, output, name="decoder")


def _affine(scale, offset, name):
    offset = offset.tolist() if isinstance(offset, np.ndarray) else offset
    return keras.layers.Rescaling(float(scale), offset, dtype=_DTYPE, name=name)


def predict(model, rows, batch_size=512):
    """Outputs of a model for many rows, batch by batch, each padded to the same size.

    One shape for every call: a row's result does not depend on the rows beside it.
    """
    outputs = []
    for start in range(0, len(rows), batch_size):
        batch = np.asarray(rows[start : start + batch_size], np.float32)
        padded = np.zeros((batch_size, batch.shape[1]), np.float32)
        padded[: len(batch)] = batch
        outputs.append(keras.ops.convert_to_numpy(model(padded, training=False))[: len(batch)])
    return np.concatenate(outputs)
