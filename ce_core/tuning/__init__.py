"""Which ε, how many iterations and which temperature give what is wanted of given scores."""
