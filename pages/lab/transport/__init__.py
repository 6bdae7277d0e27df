"""The lab of transport: how Sinkhorn balances a plan."""
