"""What has no graph, and why."""


class CannotExport(Exception):
    """Something of an estimator cannot be written as a graph; the message goes on from "as"."""
