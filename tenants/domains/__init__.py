"""Host names of businesses: sub-domains of the installation at once, names of their own once DNS proves them."""
