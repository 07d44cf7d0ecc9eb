"""Language models behind one seam."""

from coaching.llm.choice import get_card_model

__all__ = ["get_card_model"]
