"""Profiles of single customers: written after each release, searched, shown as far as a role may see."""
