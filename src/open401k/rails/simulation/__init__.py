"""The rails proven and tried: an exhaustive model, a twin of the coordinator, a simulator of whole rollovers."""
