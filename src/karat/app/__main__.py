"""`python -m karat.app`: the same as the command `karat`."""

from __future__ import annotations

from karat.app.main import main

raise SystemExit(main())
