"""The version. A constant, since asking the installed metadata for it takes longer than most commands."""

VERSION = "0.1.0"
