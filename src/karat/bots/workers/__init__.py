"""User strategies in processes of their own: what one of them does wrong ends its worker and its own bots, no other."""
