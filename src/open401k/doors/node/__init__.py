"""The doors of a custodian's node: what its people, its systems and the other custodians' nodes reach. No rules."""
