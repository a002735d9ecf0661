"""Alembic's scripts, shipped with the package; run by ``upheld db upgrade``."""
