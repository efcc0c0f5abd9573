"""What is wrong with a fit, and which parameter to change."""
