"""How mixbot looks on Discord: cards, the pager, buttons, forms and sentences."""
