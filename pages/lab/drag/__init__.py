"""What is moved by hand: the scripts that all editors share."""
