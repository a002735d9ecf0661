"""The loops, assembled in one readable place."""
