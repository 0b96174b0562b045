"""Trials kept as data: one folder per trial, shipped with the program."""
