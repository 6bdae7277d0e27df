"""The page of claims: each with a verdict, the smallest picture that decides it, and the numbers."""
