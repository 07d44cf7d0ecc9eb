"""Tests of a prompt version on stored calls, beside the version in use."""
