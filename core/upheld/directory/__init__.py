"""Customers, contacts, people, servers and roles: who is promised something, and who is told."""
