"""Fits: from parameters and rows to a trained model."""

from skae.fitting._architecture import Architecture, layer_sizes
from skae.fitting._checkpoint import (
    check_resumable,
    checkpoint_of_layer,
    forget_checkpoint,
    forget_layers,
    lasting_checkpoints,
)
from skae.fitting._class_start import one_hot, with_classes
from skae.fitting._critic_of_rows import taught_by_critic
from skae.fitting._cross_fitting import CrossFit, cross_fit, is_cross_fitted
from skae.fitting._filter_start import at_best_filter
from skae.fitting._fit_input import check_fit_input
from skae.fitting._interruption import (
    granting,
    interruption,
    keeps_interrupted,
    remember_interruption,
)
from skae.fitting._listeners import (
    PrintHooks,
    SklearnCallbackHooks,
    fit_listeners,
    honoured_callbacks,
    one_pass_listeners,
    portable,
    tell_cross_fit,
    tell_optimum,
)
from skae.fitting._passes import Passes, averaged
from skae.fitting._precision import new_model_told
from skae.fitting._priors import with_refined_prior
from skae.fitting._rates import optimizer_averages, optimizer_kind, planned, steered
from skae.fitting._recipe import Recipe
from skae.fitting._rollback import CALLBACK_STATE, all_or_nothing
from skae.fitting._rows import Labels, Rows, UncheckedRows
from skae.fitting._settings import Settings
from skae.fitting._start import continued_model, new_model
from skae.fitting._train import (
    AT_THE_MODEL,
    Origin,
    continued_history,
    joined_history,
    starts_at_optimum,
    train,
    train_one_pass,
    without_training,
)
from skae.fitting._validation import (
    check_clean_rows,
    check_code,
    check_counts,
    check_float32_range,
    check_rows,
    check_share,
    check_unit_interval,
    split_rows,
    with_gaps,
    with_missing_steps,
)
from skae.tables import check_weights

__all__ = [
    "AT_THE_MODEL",
    "CALLBACK_STATE",
    "Architecture",
    "CrossFit",
    "Labels",
    "Origin",
    "Passes",
    "PrintHooks",
    "Recipe",
    "Rows",
    "Settings",
    "SklearnCallbackHooks",
    "UncheckedRows",
    "all_or_nothing",
    "at_best_filter",
    "averaged",
    "check_clean_rows",
    "check_code",
    "check_counts",
    "check_fit_input",
    "check_float32_range",
    "check_resumable",
    "check_rows",
    "check_share",
    "check_unit_interval",
    "check_weights",
    "checkpoint_of_layer",
    "continued_history",
    "continued_model",
    "cross_fit",
    "fit_listeners",
    "forget_checkpoint",
    "forget_layers",
    "granting",
    "honoured_callbacks",
    "interruption",
    "is_cross_fitted",
    "joined_history",
    "keeps_interrupted",
    "lasting_checkpoints",
    "layer_sizes",
    "new_model",
    "new_model_told",
    "one_hot",
    "one_pass_listeners",
    "optimizer_averages",
    "optimizer_kind",
    "planned",
    "portable",
    "remember_interruption",
    "split_rows",
    "starts_at_optimum",
    "steered",
    "taught_by_critic",
    "tell_cross_fit",
    "tell_optimum",
    "train",
    "train_one_pass",
    "with_classes",
    "with_gaps",
    "with_missing_steps",
    "with_refined_prior",
    "without_training",
]
