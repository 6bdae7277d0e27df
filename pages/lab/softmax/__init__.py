"""The lab of the softmax: how p moves when a logit moves."""
