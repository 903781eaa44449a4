"""Saved reports and their results: SQL with named parameters, run on the current release."""
