"""A Discord bot that lets people act on Mixcloud shows where they share them."""
