"""A fleet on a virtual clock: the runner's own desk, members, venue and journal, as fast as they will go."""
