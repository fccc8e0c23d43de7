"""Where work is done that one process cannot do alone: a folder per way to reach more of them."""
