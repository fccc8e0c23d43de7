"""The dossier: one folder per strategy and market with everything that a verdict rests on, sealed in the trial ledger.

`document` puts it together, `folder` keeps and finds it, `verify` makes it again and compares, `page` shows it.
"""
