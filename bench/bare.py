"""The least that holds the dialogue: aiosmtplib, and a line printed for each reply. The measure for what we add to it.

    python bench/bare.py PORT NAME [--starttls]

Says HELP where smtp-probe does, so that both send the same commands.
"""

from __future__ import annotations

import asyncio
import sys

from aiosmtplib import SMTP


async def talk(port: int, name: str, starttls: bool) -> None:
    client = SMTP(
        hostname="127.0.0.1", port=port, local_hostname=name, use_tls=False, start_tls=False, validate_certs=False
    )
    print(*await client.connect())
    print(*await client.ehlo())
    if starttls:
        print(*await client.execute_command(b"HELP"))
        print(*await client.starttls())
        print(*await client.ehlo())
    print(*await client.quit())


asyncio.run(talk(int(sys.argv[1]), sys.argv[2], "--starttls" in sys.argv[3:]))
