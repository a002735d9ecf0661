"""Upheld keeps the support promises a company publishes, on the tracker it already has."""

__version__ = "0.1.0"
