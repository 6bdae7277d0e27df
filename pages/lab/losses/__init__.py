"""The lab of the losses: L1 against L2 over many trials."""
