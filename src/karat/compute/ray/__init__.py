"""Ray: worker processes of this machine, or of a cluster. An extra; imported only when it is asked for."""
