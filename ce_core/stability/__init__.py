"""What each way to write the loss does in each floating-point arithmetic."""
