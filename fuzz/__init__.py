"""Bytes that nobody would write, until something other than a sentence comes back."""
