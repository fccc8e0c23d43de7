"""Live market data into the lake, whole or with its gaps written down.

1. `supervisor` keeps one stream connected: it watches its age, and reconnects with growing, uneven waits.
2. `counted_stream`, `uncounted_stream`, `book_stream` and `plain_stream` take what comes; what is missing is asked for
   over REST, or recorded as a gap.
3. `counted`, `uncounted` and `order_book` are the rules of that, free of effects.
4. `writer` puts rows into the lake in batches, in a thread; `status` says how every stream stands; `run` starts all.
"""
