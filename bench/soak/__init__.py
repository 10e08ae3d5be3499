"""A hundred thousand sessions one after another, a tenth of them with servers that misbehave: ``make soak``.

``server`` is the other side, in a process of its own so that its memory is not counted as ours; ``load`` holds the
sessions in one event loop and looks at memory, descriptors and tasks between the blocks, when nothing is under way;
``table`` is the page. Traffic stays on loopback, and the run ends by itself.
"""
