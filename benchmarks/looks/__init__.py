"""Figures as the programs and journals of the field draw them, from known patients."""
