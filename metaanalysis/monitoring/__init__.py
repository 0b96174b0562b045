"""Trial sequential analysis: boundaries for a meta-analysis that is looked at again and again."""
