"""The displays: a picture each, in scikit-learn's convention."""
