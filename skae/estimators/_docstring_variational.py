"""Descriptions of what variational autoencoders have beside the others."""

VARIATIONAL_PARAMETERS = """
    beta : float, default=1.0
        Weight of the divergence between the codes' distributions and the prior. Above 1 the code is
        more independent and closer to the prior, and reconstruction worse [2]_.

    kl_warmup : int, default=0
        Epochs over which that weight rises linearly from 0, in training only: losses are always
        reported with ``beta``. Training does not stop early before, epochs that are planned are a
        quarter more at least, and ``fit`` refuses more than ``max_iter``.

    likelihood : {"gaussian", "bernoulli", "student_t", "poisson", "negative_binomial", \
"zero_inflated_negative_binomial"}, default="gaussian"
        How rows lie around the output: with a normal deviation, whose variance is trained too, or
        as probabilities (values in [0, 1]). ``"student_t"`` is for heavy tails: each feature has a
        scale and degrees of freedom. The last three are for counts, of which the network reads
        ``log1p`` and gives the means; the negative binomials have a dispersion for each feature,
        and the last a share of zeros of another origin.

    noise_variance : {"shared", "feature"}, default="shared"
        Variance of that deviation: one for all features, as in probabilistic PCA, or one for each,
        as in factor analysis, where training then starts. ``"feature"`` gives features of unlike
        noise, such as pixels, far higher likelihoods; squared errors grow, as what a feature has to
        itself is left to its noise. None falls below 1e-4 of its feature's variance, or of the
        median feature's.

    n_importance_samples : int, default=1
        Draws of each row's code in a step of training. Above 1 the bound that is raised is the
        importance-weighted one [3]_, which is tighter; a step takes about as many times as long in
        the decoder. ``"reconstruction"`` of ``history_`` is then what that bound has beside the
        divergence.

    conditional : bool, default=False
        Whether encoder and decoder are told the class of each row, the y of ``fit`` [6]_, so that
        ``sample(n, y=...)`` draws rows of a class and codes say what a class leaves open. Methods
        take y too, and infer it where they can; see Notes. For ``"dense"`` and ``"convolutional"``.

    prior : {"normal", "mixture", "vamp", "flow"}, default="normal"
        Distribution of the code: standard normal, or one that is learned with the rest.
        ``"mixture"``: normal parts with means, covariances and weights of their own, which ``fit``
        in the end moves to where the codes of its rows are, as far as that raises the bound.
        ``"vamp"``: the parts are the codes' distributions of pseudo-inputs, rows that are trained
        too [4]_; a few of them, which begin as rows, leave most codes unlikely at the start, and a
        short fit may end below probabilistic PCA. ``"flow"``: a normal distribution, bent by affine
        couplings [5]_. ``sample`` then draws from it. Scores take longer.

    n_prior_components : int or "auto", default="auto"
        Parts of the mixture (``"auto"``: 32), pseudo-inputs (64), or couplings (8).

    adversarial_max_iter : int, default=0
        Epochs in which, after all other training, a critic of rows teaches the decoder to make
        images that it cannot tell from rows [8]_, which are sharper. The encoder stays, and errors
        grow a little. For images (a ``sample_shape`` of height, width and channels, and
        ``network="convolutional"``) and the likelihoods ``"gaussian"`` and ``"bernoulli"``. An
        epoch takes several times as long as others, all rows train, Adam makes the steps, and
        ``callbacks`` are not called.

    adversarial_weight : float, default=1.0
        How much fooling the critic counts then, beside the error. 1 means that the logarithm of the
        odds weighs as much as 0.064 nats a feature.
"""

VARIATIONAL_ATTRIBUTES = """
    kl_per_unit_ : ndarray of shape (n_components_,)
        Mean Kullback-Leibler divergence of each unit from the prior over the rows of the last fit,
        in nats. A learned prior counts as the normal distribution of each unit with its moments.

    active_units_ : ndarray of bool of shape (n_components_,)
        Units whose mean varies between rows, with a variance above 0.01 [3]_. The others have
        collapsed to the prior.

    noise_variance_ : float or ndarray of shape (n_features_in_,)
        Variance of the rows around the output, in squared units of the rows; 0 for
        ``"bernoulli"`` and for counts. An array with ``noise_variance="feature"`` and for
        ``"student_t"``, where it may be infinite.

    likelihood_parameters_ : dict of ndarray of shape (n_features_in_,)
        What else is learnt of each feature: ``"scale"`` and ``"degrees_of_freedom"`` of Student's
        t, ``"inverse_dispersion"`` of negative binomials (variance: mean + mean**2 / it), and
        ``"zero_inflation"``, the probability of a zero of another origin.

    classes_ : ndarray of shape (n_classes,)
        With ``conditional=True``: the classes, sorted; -1 is one as any other.

    class_count_, class_prior_ : ndarray of shape (n_classes,)
        With ``conditional=True``: rows of each class, over all passes of ``partial_fit``, and its
        share; with ``sample_weight`` as much of them as their weights say, of which the ratios
        within a call count.

    prior_parameters_ : dict of ndarray
        ``"mean"`` and ``"variance"`` of the code under the prior, of shape
        ``(n_components_,)``. Of parts also their ``"weights"`` of shape ``(n_parts,)``, ``"means"``
        of shape ``(n_parts, n_components_)`` and ``"covariances"`` of shape
        ``(n_parts, n_components_, n_components_)``, and ``"pseudo_inputs"`` of shape
        ``(n_parts, n_features_in_)`` in units of the rows. Of a flow the kernels and biases of its
        couplings, by name.

    adversarial_history_ : dict of ndarray
        With ``adversarial_max_iter``: its epochs, as ``history_`` has those before: the losses
        ``"critic"`` and ``"adversarial"`` (how far it is from fooling the critic), and
        ``"reconstruction"``.
"""
