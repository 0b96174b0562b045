"""Effects that depend on something: moderators, and comparisons of subgroups within trials."""
