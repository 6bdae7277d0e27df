"""The lab of tuning: which ε, how many iterations and which temperature these scores need."""
