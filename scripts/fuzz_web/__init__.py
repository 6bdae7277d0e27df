"""Hostile input: addresses, messages and frames that no browser sends, and what may come of them."""
