"""The home page: the post's five steps and the ledger of its claims."""
