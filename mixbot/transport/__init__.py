"""What the Mixcloud and the SoundCloud library have in common: the way to the network, and JSON
with names and types.

It decides nothing about either: what goes wrong here is raised as the error that each one names.
"""
