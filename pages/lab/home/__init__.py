"""The home page: the post's five steps."""
