"""Bytes and parameters that nobody would write, until something other than a sentence comes back."""
