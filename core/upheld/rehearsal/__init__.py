"""A policy tried before it is published: facts in, messages and verdicts out, nothing sent."""
