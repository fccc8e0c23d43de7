"""How a vendor's folder looks. Copy it, and change each file; tests/unit/feeds hold every folder to it.

A vendor of candles has

facts.py       what the vendor is and can, as data, with the pages of its documentation
history.py     VENUES, the names it serves, and `open_history`, which builds its adapter
stream.py      the same for live data, where the vendor has any: `open_stream`

A vendor of other series has

endpoints.py   what there is to ask: path, parameters, columns, schedule, how old a value may be, and the page of the
               vendor's documentation that says so. Where a series lies, what period a row is about and when it is
               known stand in core/inputs/table.toml, one row for each `series` named here.
parsing.py     answers to columns: pure, strict, tested on answers as documented
feed.py        FEED: address, key, envelope, and which markets the vendor knows
"""
