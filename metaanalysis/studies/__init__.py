"""What studies print, and the effects it gives: tables of studies, routes to a hazard ratio, two-by-two tables."""
