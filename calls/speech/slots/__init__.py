"""How many live streams a vendor lets run at once, and who gets the next one: `fair` decides, `shared` counts."""
