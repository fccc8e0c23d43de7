"""The prover, proved: markets of which the truth is known, what it says of them, and how often it is wrong."""
