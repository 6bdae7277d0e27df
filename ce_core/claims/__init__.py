"""The numbers that settle what is claimed, of the post and of practice, a function each."""
