"""How far a pooled result leans on single studies, on small ones, or on rows that are themselves pooled."""
