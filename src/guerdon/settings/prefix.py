"""The names of settings in the environment."""

PREFIX = "GUERDON_"
