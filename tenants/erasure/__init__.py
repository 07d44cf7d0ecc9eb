"""Erasing a business as one unit, and what every erasure needs: certificates, kept archives, forgotten keys."""
