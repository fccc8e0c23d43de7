"""The desk: everything between a bot's decision and its venue. One synchronous, deterministic actor per account.

1. What happens comes in one at a time (a bar has closed, the venue said something, time has passed, a command) and
   changes records in memory. What changed is gathered.
2. `flush` writes all that was gathered in one transaction. Only after that do requests leave for the venue, so an order
   is never on its way without its record (failures: O1).
3. While the journal cannot be written no entry is made and none leaves; what was gathered is written later (`outbox`).
4. The desk has no clock, no task and no network of its own. The shell around it (`karat.bots.runner`) has.
"""
