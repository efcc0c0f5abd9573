"""What listens to a training run."""


class Hooks:
    """What the loop tells the outside; this one listens to nothing."""

    def begin(self, program):
        """Before the first epoch."""

    def epoch_begin(self, epoch):
        """Before an epoch; the first is 1."""

    def epoch_end(self, epoch, logs, weights):
        """After an epoch; ``weights()`` gives its weights. True asks to stop."""
        return False

    def end(self):
        """After the last epoch.

        Returns the epoch whose weights a listener has put in the place of the last ones, or None.
        """
