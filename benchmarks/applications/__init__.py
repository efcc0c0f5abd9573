"""What people use autoencoders for, against PCA and the usual ways.

    python -m benchmarks.applications [--quick] [--only NAME ...]
"""
