"""From a strategy to one verdict a market: five stages, an examination and one look into the vault.

`tournament` asks whether there is anything, `region` and `refinement` whether a region of parameters works, `own`
whether a market needs parameters of its own, `periods` whether it lives in more than one regime, `examination` whether
it is luck, and `vault` what it does where nobody looked. `proving` leads through them, `store` keeps each step.
"""
