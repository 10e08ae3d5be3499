"""Would mail from here be accepted? The line of one sender: subject → checks → findings, fixes → ``Assessment``."""
