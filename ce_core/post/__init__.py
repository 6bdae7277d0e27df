"""The blog post: its published numbers, its derivations and claims, each checked."""
