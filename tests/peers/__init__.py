"""The probe against real servers: Debian's Postfix and rbldnsd, and beside swaks."""
