"""What every other strategy has to beat."""
