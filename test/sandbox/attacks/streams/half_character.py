"""A message that is cut inside of a character must still be text."""

raise ValueError("x" * 1999 + "\U0001f40d" * 1000)
