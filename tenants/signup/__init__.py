"""New businesses: asked for by themselves or by an operator, built by the process that has the owner's rights."""
