"""Postfix and Dovecot as a far end, where there are any (``scripts/mail-servers``)."""
