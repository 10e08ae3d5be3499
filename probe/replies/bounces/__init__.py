"""Bounces: RFC 3464 and RFC 6533 reports, and what older and other programs write instead. None of them does I/O."""
