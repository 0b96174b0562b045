"""Many figures: one failure is one row, what was done is not done again, and a table tells what to look at first."""
