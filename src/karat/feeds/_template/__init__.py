"""A vendor's folder, to copy. Every vendor has these files, and no others but for formats of its own.

facts.py     what the vendor is and can, as data, with the pages of its documentation
history.py   VENUES, the names it serves, and `open_history`, which builds its adapter
stream.py    the same for live data: `open_stream`
"""
