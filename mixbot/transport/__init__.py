"""What the Mixcloud and the SoundCloud library have in common on the way to the network.

It decides nothing about either: what goes wrong here is raised as the error that each one names.
"""
