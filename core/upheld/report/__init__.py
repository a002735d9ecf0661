"""Evidence for each clause, explanations, audit."""
