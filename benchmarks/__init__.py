"""Speed, quality and memory against PCA and peers; each module prints one table."""
