"""TLS as it was heard, for SMTP and HTTPS alike: ``layer`` runs it over memory, ``certificate`` describes what was
shown, ``verification`` says whether it would hold."""
