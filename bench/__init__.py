"""What smtp-probe costs, whole process by whole process, beside other tools on the same machine: ``make bench``.

``comparisons`` says what is measured against what, ``measure`` runs and times it, ``peer`` starts the mail server that
all of them talk to, ``embedded_peer`` is that server where there is no Postfix, ``bare`` the least that holds the same
dialogue, ``table`` the page. Timings are never tests: nothing here fails because it was slow.
"""
