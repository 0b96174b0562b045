"""What a reader is told of a pooled result: absolute effects, and the methods in words with their references."""
