"""The demo: two invented businesses, whose finished calls come from written dialogues through the real detection."""
