"""Meta-analysis from the patients of several trials, in one stage and in two."""
