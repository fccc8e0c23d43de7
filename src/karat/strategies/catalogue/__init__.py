"""The strategies Karat ships: a folder per family, a file per strategy, the file named like the strategy."""
