"""Figures drawn from known patients, in random styles."""
