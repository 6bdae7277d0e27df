"""The lab of the gradients: which way each loss pushes each logit."""
