"""Long work as jobs: their files, their states, the processes behind them."""
