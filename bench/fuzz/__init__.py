"""Random octets and random conversations against the parts that read what others say: ``make fuzz``.

``tape`` is the source of chance, written down so that a failure can be replayed and made smaller. ``reading`` feeds the
reply reader and the parsers of EHLO and HELP, ``dns`` the decoder of DNS messages, ``conversations`` holds whole
sessions against ``server``, which decides truthfully and is told to misbehave by the tape, over ``memory``, a network
and a clock without sockets and without waiting. ``growth`` compares the CPU time of an input with that of four times
as much. ``campaign`` runs all of it. The standard library and this package, nothing else.
"""
