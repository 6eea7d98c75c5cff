"""Notices: who is told of which warning, once, and within a noise budget."""
