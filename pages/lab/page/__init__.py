"""The beats that all pages share, and their look."""
