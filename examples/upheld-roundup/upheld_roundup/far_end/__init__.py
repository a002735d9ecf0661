"""The real Roundup on this machine, for the conformance kit. Needs ``upheld-roundup[conformance]``."""
