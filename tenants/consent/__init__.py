"""Consent to being heard: what a call needs by place (`rules`, pure, from `rules.yaml`) and what an answer opens."""
