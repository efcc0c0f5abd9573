"""Descriptions of shared parameters and attributes, written once."""

import dataclasses
import inspect
from typing import Any, TypeVar

from skae.estimators._docstring_networks import with_networks
from skae.estimators._docstring_variational import (
    VARIATIONAL_ATTRIBUTES,
    VARIATIONAL_PARAMETERS,
)

Class = TypeVar("Class", bound=type[Any])

_PARAMETERS = """
    n_components : {size}, default={n_components}
        {size_text} A share in (0, 1) means as many components as PCA needs to explain more
        than that share of the variance.

    network : {{kinds}}, callable or object, default={network}
        What the hidden layers are. {restoring}A callable
        ``network(sample_shape, n_components, hidden_layer_sizes, activation)`` returns an encoder
        and a decoder, two Keras models of rows (flat or in their own shape) to a code and back; so
        does the method ``build`` of an object. ``random_state`` decides their first weights. With
        ``init="pca"`` each is added to the linear path, times a trained factor; the encoder's
        starts at 0.

    sample_shape : tuple of int, default=None
        What a row is before it is flattened: {row_shapes}; None means (n_features, 1) there.
        Arrays of shape (n_samples, \\*sample_shape) are then taken as rows too.

    hidden_layer_sizes : tuple of int or "auto", default={hidden_layer_sizes}
        Units, or filters, of the encoder's hidden layers, from the rows to the code; the decoder
        mirrors them. ``"auto"`` means {auto_sizes}. ``()`` gives the linear autoencoder. PCA is the
        optimum of its squared error (Baldi & Hornik 1989), so with ``init="pca"`` a plain one is
        not trained any further: ``n_iter_`` is then 0.

    activation : str or callable, default="auto"
        Activation of the hidden layers, one that Keras knows by name, or a function of a tensor.
        ``"auto"`` means {auto_activations}.

    kernel_size : int or tuple of int, default=3
        Size of the convolutions along every axis, or along each.

    pooling : {"max", "average"} or None, default=None
        How convolutional layers halve every axis: None strides them, and transposes them in the
        decoder; otherwise pooling follows them, and in the decoder each value is repeated before.

    cell : {"lstm", "gru"}, default="lstm"
        Kind of recurrent layer.

    bidirectional : bool, default=False
        Whether recurrent layers read sequences in both directions, each with all units.

    mask_value : float or None, default=None
        For ``"recurrent"``: timesteps at which every feature has this value (which may be NaN) are
        padding. They do not reach the code, and no error is counted there.

    dropout : float, default=0.0
        Share of each hidden layer's units that is left out at random in every training step.

    init : {"pca", "random"}, default={init}
        Where training starts. ``"pca"``: at PCA's reconstruction, with whitened PCA scores as
        code; convolutional and the user's networks are trained from the same code with a random
        decoder, and fall back on PCA's reconstruction where they do not beat it. ``"random"``: a
        textbook network without linear path, with Glorot uniform weights.

    loss : {"squared_error", "absolute_error", "huber", "binary_crossentropy"} or \
            callable, default="squared_error"
        What is minimised, averaged over features. ``"huber"`` is squared up to a difference of
        one standard deviation (of all features together) and linear beyond.
        ``"binary_crossentropy"`` expects values in [0, 1], which go in as they are, without
        scaling; the reconstruction is then a probability. A callable ``loss(targets, outputs)``
        gets tensors of shape (n, n_features) in scaled units, and gives a value a row or a value a
        feature by functions of ``keras.ops``; it must not depend on anything else (attributes of
        an object are read once), and scores are then in its own units.

    optimizer : str or keras.optimizers.Optimizer, default="adam"
        Any Keras optimizer for all weights. An instance is copied, never changed; gradient clipping
        (``clipnorm``, ``global_clipnorm``, ``clipvalue``), weight decay and averages of the weights
        (``use_ema``, which are then judged and kept) are set there.

    learning_rate : {"auto", "constant", "cosine", "plateau"}, float or \
            keras.optimizers.schedules.LearningRateSchedule, default="auto"
        ``"cosine"`` warms up to 0.005 and falls to zero by half a cosine over all epochs.
        ``"plateau"`` stays at 0.002, and where ``n_iter_no_change`` runs out goes on from the best
        weights at a fifth of it, three times. ``"constant"`` stays at 0.002. An optimizer that is
        an instance brings its own rate in the place of these numbers. ``"auto"`` is ``"cosine"``
        for an optimizer given by name, and an instance's own rate or schedule otherwise; it also
        plans how long to train, as ``max_iter`` says. A number is constant. ``partial_fit`` takes
        ``"auto"`` for ``"constant"``, and so does ``fit`` with callbacks that set the rate or end
        training, such as ``ReduceLROnPlateau`` and Keras' ``EarlyStopping``.

    batch_size : int, default=32
        Rows in a training step.

    max_iter : int, default=500
        Epochs at most. ``learning_rate="auto"`` takes fewer, unless ``early_stopping=False``: on
        up to 2000 rows those that hold 3000 steps, more on more rows, and 10000 where folds
        say that more still help by a fifth. To train longer set ``learning_rate="cosine"``, which
        takes all of them.

    tol : float, default=1e-4
        Smallest improvement of the loss that counts for patience: that is, where the rate is not
        annealed or ``n_iter_no_change`` is a number. The squared error is measured as a share of
        that of predicting the mean, ``"binary_crossentropy"`` in nats a feature.

    early_stopping : bool or "auto", default="auto"
        True: hold rows out of training, stop when their loss stops improving (an annealed rate
        runs to its end), and keep the weights of the best epoch. False: training stops when the
        training loss does, as before, and keeps the last weights, or those of the start if training
        made them worse. ``"auto"``: as True, but on 10 to 2000 rows, where a tenth says little,
        folds are left out in turn (up to five, until 250 rows were) to choose the number of epochs,
        and all rows train. Equal rows share a fold, but for frequent combinations of few values,
        and a row beyond ten times the usual squared distance from the mean counts less. That is for
        a new dense network trained at once by ``learning_rate="auto"`` of an optimizer given by
        name, with 300 steps or more in ``max_iter`` epochs, patience and the share held out at
        their defaults, no batch larger than the table and 32, and callbacks of Keras that only
        record, or none.

    validation_fraction : float, default=0.1
        Share of the rows held out for early stopping. They do count for the scaling and for the
        PCA start.

    n_iter_no_change : int or "auto", default="auto"
        Epochs without improvement before training stops. ``"auto"`` means the epochs that take
        1000 steps, at least 10 and at most 50; and all epochs where the rate is annealed, as the
        loss falls most at the end.

    warm_start : bool, default=False
        Whether ``fit`` continues from the weights and the units of the fit before. Rows that it
        holds out may have been trained on by that fit, so that they say less about when to stop.

    jit_compile : bool or "auto", default="auto"
        Whether to compile with XLA. ``"auto"`` decides by the number of steps planned: few run
        eagerly, more in a graph, many with XLA (more on a GPU, where that compiles for longer).
        Results agree to rounding; with ``dropout`` only in distribution, as XLA draws other random
        numbers.

    callbacks : list of keras.callbacks.Callback, default=None
        Called at the beginning and end of training and of every epoch, by ``partial_fit`` too.
        Those that would need more, such as ``ModelCheckpoint``, are refused. Weights that one sets
        after the last epoch are the result. scikit-learn's own callbacks are set with
        ``set_callbacks``.

    verbose : int, default=0
        Above 0, one line an epoch is printed: its losses and the time that is left at most, as
        training may stop early.

    random_state : int, RandomState instance or None, default=None
        Fixes the validation rows, the order of rows, the random weights and the dropout. Equal
        seeds give equal bits on one machine.
"""

_OBJECTIVE_PARAMETERS = """
    objective : callable or skae.objectives.Objective, default=None
        What training minimises instead of ``loss`` between rows and output, which scores stay of.
        ``objective(network, batch, scalars, random)`` gives a tensor of shape (n,), one value a
        row, or, in an :class:`~skae.objectives.Objective` that names them, a dict of several terms
        to be added; :doc:`/custom_objectives` says more. It is compiled, once for all fits with an
        equal one: what it reads beside its arguments is read then.

    objective_params : dict of float, default=None
        Numbers that the objective gets as ``scalars``, by name. Others of them need no new
        compilation; a name that it never reads is refused.
"""

_ATTRIBUTES = """
    n_components_ : int
        Size of the code.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen in ``fit``, if they are all strings.

    n_iter_ : int
        Number of epochs run.

    history_ : dict of ndarray of shape (n_iter_ + 1,)
        ``epoch``, of which 0 is the start; ``loss`` and each term of it for the training rows (of
        the start, then means over each epoch), ``val_loss`` and so on for those held out. A squared
        error of 1 is what predicting the mean scores.

    loss_curve_ : list of float
        ``history_["loss"]``: the first value is that of the start.

    cross_fit_losses_ : dict of int to float
        Loss of the rows of each fold, trained without it, by number of epochs; 0 is the start.
        Geometric mean over the folds (log-likelihoods: arithmetic). Only where folds chose that
        number.

    best_loss_ : float
        Loss of the rows held out with the weights that are kept, or after as many epochs where
        folds chose their number; without early stopping, of the training rows. After
        ``partial_fit``, the loss of the last pass.

    best_epoch_ : int
        Epoch of the weights kept, after ``partial_fit`` the last; 0 means those of the start, and a
        :class:`~skae.exceptions.StartKeptWarning` says why.

    pca_components_ : ndarray of shape (n_components_, n_features_in_)
        What ``components_`` is of PCA of the rows in ``fit``, where ``init="pca"`` began.

    pca_mean_ : ndarray of shape (n_features_in_,)
        What ``mean_`` is of that PCA.

    encoder_, decoder_ : keras.Model
        Keras models from rows in input units to their code and back, built at every access. They
        can be parts of a larger model. Import ``skae.layers`` before loading saved ones elsewhere.
"""


_HEAD_PARAMETERS = """
    autoencoder : BaseAutoencoder, TableAutoencoder or None, default=None
        Any autoencoder of skae; it is cloned. None means
        ``DenoisingAutoencoder(16, noise_level=1.0)``. Its optimizer, batch size and loss serve the
        joint training too; its callbacks see pretraining alone. A scaler goes before this
        estimator, in a Pipeline. For a frame with text, categories, dates or missing values it is
        put into a ``TableAutoencoder``, unless it is one.

    hidden_layer_sizes : tuple of int, default=()
        Units of the head's hidden layers. ``()`` gives a linear head, which starts as a regression
        on the code; hidden layers start at random.

    fine_tune : bool, default=True
        Whether encoder and decoder are trained further with the head. Otherwise the head alone is,
        and the autoencoder stays exactly as it was.

    unsupervised_weight : float, default=1.0
        Weight of the autoencoder's own loss in joint training, where the labels' loss counts 1.

    from_pretrained : fitted autoencoder, TableAutoencoder or None, default=None
        One that was fitted on another table with the same columns: it takes the place of the one
        that would be fitted on X, and ``autoencoder`` has to be None. ``fit`` trains a copy;
        ``clone`` keeps it as it is. With ``fine_tune=True`` neither one that was trained on pairs
        (``X_clean``) nor one of ``adversarial_max_iter``, which the training would undo.

    learning_rate : float or None, default=None
        Of joint training; None means the autoencoder's, and 0.002 where that is "auto".

    max_iter : int, default=200
        Epochs of joint training at most. Each visits every labelled row so often that their share
        of the visits is as near to a quarter as whole numbers come, and at least once.

    tol : float, default=1e-4
        Smallest improvement of the loss that counts.

    early_stopping : bool, default=True
        Hold rows out of joint training, labelled or not, stop when their loss stops improving, and
        keep the weights of the best epoch, which may be the start.

    validation_fraction : float, default=0.1
        Share of the rows held out.

    n_iter_no_change : int or "auto", default="auto"
        Epochs without improvement before joint training stops; see ``Autoencoder``.

    verbose : int, default=0
        Above 0, one line an epoch of joint training is printed; the autoencoder's ``verbose`` is
        for its own training before.

    random_state : int, RandomState instance or None, default=None
        Fixes the head's first weights, the rows held out and their order; and the autoencoder's
        ``random_state`` where that is None. Equal seeds give equal bits on one machine.
"""

_HEAD_ATTRIBUTES = """
    autoencoder_ : BaseAutoencoder
        The autoencoder after joint training: its code is what the head reads.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen in ``fit``, if they are all strings.

    n_iter_ : int
        Epochs of joint training.

    history_ : dict of ndarray of shape (n_iter_ + 1,)
        ``epoch``, of which 0 is the start; ``loss``, ``supervised`` and the autoencoder's own terms
        for the training rows, ``val_loss`` and so on for those held out.

    loss_curve_ : list of float
        ``history_["loss"]``: the first value is that of the start.

    best_loss_ : float
        Lowest loss of the rows held out; without early stopping, of the training rows.

    best_epoch_ : int
        Epoch of joint training whose weights are kept; 0 means those of the start.
"""

_BLOCKS = {
    "head_parameters": _HEAD_PARAMETERS,
    "head_attributes": _HEAD_ATTRIBUTES,
    "parameters": _PARAMETERS,
    "objective_parameters": _OBJECTIVE_PARAMETERS,
    "attributes": _ATTRIBUTES,
    "variational_parameters": VARIATIONAL_PARAMETERS,
    "variational_attributes": VARIATIONAL_ATTRIBUTES,
}


def documented(cls: Class) -> Class:
    """Put shared descriptions where a class docstring names them in braces.

    Parameters that the class does not take are left out; the defaults are its own.
    """
    text = inspect.cleandoc(cls.__doc__ or "")
    fields = {field.name: field.default for field in dataclasses.fields(cls)}
    for name, block in _BLOCKS.items():
        entries = inspect.cleandoc(block).split("\n\n")
        if name == "parameters":
            may_restore = fields.get("network") == "auto"
            entries = [
                with_networks(entry, may_restore=may_restore)
                for entry in entries
                if entry.partition(" :")[0] in fields
            ]
        block = "\n\n".join(entries)
        for parameter in ("init", "network", "hidden_layer_sizes"):
            if parameter not in fields:
                continue
            default = fields[parameter]
            shown = f'"{default}"' if isinstance(default, str) else repr(default)
            block = block.replace(f"{{{parameter}}}", shown)
        text = text.replace(f"{{{name}}}", block)
    cls.__doc__ = text
    return cls
