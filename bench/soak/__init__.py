"""Two businesses at full work side by side, every byte of each searched for the other."""
