"""The home page: a live figure, the ways on, and the ledger of the claims."""
