"""Estimators built on estimators: public names of the rest of skae only."""
