"""The home page: a live figure and the ways on."""
