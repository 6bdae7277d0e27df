"""Studies: search over the experiment's parameters by Optuna, kept in a database, continued at will."""
