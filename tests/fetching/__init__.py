"""Files that users name: who may be asked for them, what they are, how they come."""
