"""Room 1: pixels to curves and numbers at risk."""
