"""The page of the post: its five steps, line by line, each line checked."""
