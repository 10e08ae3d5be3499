"""Reading one message (RFC 5322), octet for octet: fields, body, canonical forms, what trace fields say. Pure."""
